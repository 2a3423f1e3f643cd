// The queue by keyboard, and how many posts are ticked. Without this file the buttons do it all.
(() => {
  "use strict";
  const keys = document.getElementById("keys");
  const selected = document.getElementById("selected");
  if (!keys || !selected) return;

  const cards = () => [...document.querySelectorAll("#groups .card")];
  const current = () => document.activeElement?.closest("#groups .card");
  const press = (card, act) => card?.querySelector(`[data-act="${act}"]`)?.click();

  const move = (step) => {
    const all = cards();
    const at = all.indexOf(current());
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };

  const unfold = (card, act, first) => {
    const details = card?.querySelector(`[data-act="${act}"]`)?.closest("details");
    if (!details) return;
    details.open = true;
    details.querySelector(first)?.focus();
  };

  const tick = (card) => {
    const box = card?.querySelector(".pick input");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const openFilter = () => {
    const filter = document.querySelector("details.filter");
    filter.open = true;
    filter.querySelector("select").focus();
  };

  const acts = {
    j: () => move(1),
    k: () => move(-1),
    a: () => press(current(), "approve"),
    A: () => press(current()?.closest(".group"), "approve-all"),
    e: () => press(current(), "edit"),
    r: () => unfold(current(), "reject", ".quick button"),
    l: () => unfold(current(), "later", "input:not([type=hidden])"),
    u: () => press(current(), "undo"),
    x: () => tick(current()),
    Enter: () => press(current()?.closest(".group"), "open"),
    "/": openFilter,
    "?": () => keys.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && at.matches("textarea")) {
      press(current(), "save");
      return;
    }
    const typing = at.matches("input:not([type=checkbox]), textarea, select") || keys.open;
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    // Enter belongs to what has the focus, unless that is a card itself.
    if (event.key === "Enter" && !at.matches(".card")) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  const count = () => {
    const ticked = document.querySelectorAll(".pick input:checked").length;
    document.getElementById("selected-count").textContent = ticked ? `(${ticked})` : "";
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches(".pick input")) count();
  });
  selected.addEventListener("reset", () => setTimeout(count));
  document.addEventListener("htmx:afterSettle", count);

  // What somebody else decided takes the buttons away, but not from under a hand, and not the height.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const target = event.detail.target;
    if (!target?.matches(".acts")) return;
    if (target.contains(document.activeElement) || target.querySelector("details[open]")) {
      event.detail.shouldSwap = false;
      return;
    }
    const { height } = target.getBoundingClientRect();
    target.closest(".card")?.querySelector(".pick input")?.setAttribute("disabled", "");
    setTimeout(() => {
      const there = document.getElementById(target.id);
      if (there) there.style.height = `${height}px`;
    });
  });

  const show = document.getElementById("show-keys");
  show.hidden = false;
  show.addEventListener("click", () => keys.showModal());
})();
