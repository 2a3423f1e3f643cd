// Passkeys: fetches what the browser needs, lets it ask its owner, and sends the form with the answer.
(() => {
  "use strict";
  const able = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

  async function answer(form) {
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    const got = await fetch(form.dataset.options, {
      method: "POST",
      headers: { "X-CSRFToken": token },
    });
    const told = await got.json();
    if (told.leads_to) {
      location.assign(told.leads_to);
      return null;
    }
    const asked =
      form.dataset.passkey === "create"
        ? navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told),
          })
        : navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told),
          });
    return JSON.stringify((await asked).toJSON());
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const said = form.querySelector("[role=alert]");
    if (able) form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.answer.value) return;
      event.preventDefault();
      if (!able) {
        said.textContent = said.dataset.missing;
        return;
      }
      const button = form.querySelector("button");
      button.disabled = true;
      said.textContent = "";
      try {
        const made = await answer(form);
        if (made) {
          form.elements.answer.value = made;
          form.submit();
        }
      } catch {
        said.textContent = said.dataset.failed;
        button.disabled = false;
      }
    });
  }
})();
