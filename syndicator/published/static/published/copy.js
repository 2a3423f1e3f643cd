"use strict";

const button = document.querySelector("button[data-copy]");
const field = document.getElementById(button.dataset.copy);
const told = document.getElementById("told");
const label = button.textContent;

async function copy() {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Within a frame that may not write to the clipboard by itself.
    field.hidden = false;
    field.select();
    return document.execCommand("copy");
  }
}

button.hidden = false;
button.addEventListener("click", async () => {
  if (!(await copy())) return;
  button.textContent = told.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = label;
    told.textContent = "";
  }, 2000);
});
