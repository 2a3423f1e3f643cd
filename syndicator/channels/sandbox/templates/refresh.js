// Brings a timeline up to date where it stands; a page reload would lose the reader's place.
"use strict";

const EVERY_MS = 3000;
const page = () => document.querySelector("main");
let shown = page().innerHTML;

async function refresh() {
  if (document.hidden) return;
  let html;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    html = await answer.text();
  } catch {
    return; // the sandbox is stopped; it may come back
  }
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  if (!fresh || fresh.innerHTML === shown) return;
  shown = fresh.innerHTML;
  page().replaceWith(fresh);
}

setInterval(refresh, EVERY_MS);
