"use strict";

const button = document.querySelector("button[data-copy]");
const field = document.getElementById(button.dataset.copy);
const caption = document.querySelector(`label[for="${field.id}"]`);
const told = document.getElementById("told");
const label = button.textContent;

function showButton(shown) {
  button.hidden = !shown;
  field.hidden = caption.hidden = shown;
}

async function copy() {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Within a frame that may not write to the clipboard by itself.
    showButton(false);
    field.select();
    const copied = document.execCommand("copy");
    showButton(copied);
    return copied;
  }
}

button.parentElement.classList.remove("link");
showButton(true);
button.addEventListener("click", async () => {
  if (!(await copy())) return;
  button.textContent = told.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = label;
    told.textContent = "";
  }, 2000);
});
