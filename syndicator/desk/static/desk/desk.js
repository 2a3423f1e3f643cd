// What plain forms cannot do: keep the focus, say that the server is away, guard typed text, copy.
(() => {
  "use strict";
  const trouble = document.getElementById("trouble");
  const setTrouble = (there) => {
    if (trouble) trouble.hidden = !there;
  };

  document.addEventListener("htmx:sendError", () => setTrouble(true));
  document.addEventListener("htmx:timeout", () => setTrouble(true));
  document.addEventListener("htmx:responseError", () => setTrouble(true));
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.xhr.status < 400) setTrouble(false);
  });

  // What looks again by itself leaves alone what somebody is at.
  const polls = (element) => element?.matches(".card, #traffic, .stops");
  document.addEventListener("htmx:beforeRequest", (event) => {
    const element = event.detail.elt;
    if (!polls(element)) return;
    const busy = element.contains(document.activeElement) && document.activeElement !== element;
    if (busy || element.querySelector("details.reject[open]")) event.preventDefault();
  });

  // A swapped card takes its pressed button along: the focus goes to what came in its place.
  document.addEventListener("htmx:afterSettle", (event) => {
    const swapped = event.detail.elt;
    const at = document.activeElement;
    const lost = !at || at === document.body || at === swapped;
    if (lost && !polls(event.detail.requestConfig?.elt) && swapped.matches(".card, .group")) {
      const card = swapped.matches(".card") ? swapped : swapped.querySelector(".card");
      (card?.querySelector("textarea[data-saved]") ?? card)?.focus({ preventScroll: true });
    }
    // The button to edit is at a post's foot, the form at its head: that may be out of sight.
    if (swapped.matches(".card-editing")) {
      const { top } = swapped.getBoundingClientRect();
      const hidden = document.querySelector(".top").getBoundingClientRect().bottom;
      if (top < hidden || top > window.innerHeight / 2) swapped.scrollIntoView({ block: "start" });
    }
  });

  const isUnsaved = (area) => area.value.trim() !== area.dataset.saved.trim();
  let submitting = false;
  document.addEventListener("submit", () => {
    submitting = true;
  });
  window.addEventListener("beforeunload", (event) => {
    const unsaved = [...document.querySelectorAll("textarea[data-saved]")].some(isUnsaved);
    if (unsaved && !submitting) event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", () => {
    submitting = false;
  });

  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent);
      button.textContent = button.dataset.copied;
    });
  }

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open], details.reject[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest("details[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
})();
