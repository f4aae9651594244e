"use strict";

// The evidence: a list changes as a filter is chosen, by fetching the page's own address.
(() => {
  const form = document.querySelector("form[data-live]");
  if (!form || !window.DOMParser) return;
  let turn = 0;
  const addressOf = () => {
    const asked = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) asked.append(name, value);
    const query = asked.toString();
    return form.getAttribute("action") + (query ? "?" + query : "");
  };
  const show = async (address, keep) => {
    const mine = ++turn;
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("[data-found]");
      if (mine !== turn) return;
      if (!answer.ok || !found) { location.assign(address); return; }
      document.querySelector("[data-found]").replaceWith(found);
      const said = found.querySelector("[data-said]");
      document.querySelector("[data-status]").textContent = said ? said.textContent : "";
      const languages = document.querySelector("form.languages input[name=back]");
      if (languages) languages.value = address;
      if (keep) history.pushState(null, "", address);
    } catch { location.assign(address); }
  };
  form.addEventListener("change", () => show(addressOf(), true));
  form.addEventListener("submit", (event) => { event.preventDefault(); show(addressOf(), true); });
  window.addEventListener("popstate", () => location.reload());
})();

// The form: sums of scoring sheets, the next questions without leaving the page, a draft in this browser only.
(() => {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  const form = () => document.getElementById("ask");
  if (!form()) return;

  const add = (sheet) => {
    const controls = [...sheet.querySelectorAll("select, input:not([type=hidden])")].filter((one) => one.name.includes(".item."));
    const filled = controls.filter((one) => one.value !== "");
    const total = filled.reduce((sum, one) => sum + (Number(one.value) || 0), 0);
    const missing = controls.length - filled.length;
    const text = missing ? sheet.dataset.soFar : sheet.dataset.total;
    const said = filled.length ? text.replace("{total}", total).replace("{missing}", missing) : "";
    sheet.querySelector("[data-sum-said]").textContent = said;
  };
  const addAll = () => { for (const sheet of document.querySelectorAll("[data-sum]")) add(sheet); };
  document.addEventListener("input", (event) => {
    const sheet = event.target.closest("[data-sum]");
    if (sheet) add(sheet);
  });

  const KEY = "saisei.draft", OFF = "saisei.draft.off", KEPT = ["case", "moment", "step"];
  const store = (() => { try { return window.localStorage; } catch { return null; } })();
  const isOn = () => store.getItem(OFF) === null;
  const found = document.querySelector("[data-draft-found]");
  const forget = () => { store.removeItem(KEY); if (found) found.hidden = true; };
  const keep = () => {
    if (!store || !isOn() || !form().elements.case.value) return;
    const draft = {};
    for (const name of KEPT) draft[name] = form().elements[name].value;
    try { store.setItem(KEY, JSON.stringify(draft)); } catch { /* no room: then there is no draft */ }
  };
  const draft = () => { try { return JSON.parse(store.getItem(KEY)); } catch { return null; } };
  if (store) {
    const box = document.querySelector("[data-draft]"), toggle = box.querySelector("[data-draft-on]");
    const said = box.querySelector("[data-draft-said]");
    box.hidden = false;
    toggle.checked = isOn();
    toggle.addEventListener("change", () => {
      if (toggle.checked) { store.removeItem(OFF); keep(); } else { store.setItem(OFF, "1"); forget(); }
    });
    for (const button of document.querySelectorAll("[data-draft-delete]")) {
      button.addEventListener("click", () => { forget(); said.textContent = said.dataset.deleted; });
    }
    if (found && isOn() && draft()) {
      found.hidden = false;
      found.querySelector("[data-draft-go]").addEventListener("click", () => {
        const kept = draft();
        for (const name of KEPT) form().elements[name].value = String(kept[name] ?? "");
        for (const one of form().querySelectorAll("input[name=shown]")) one.remove();
        found.hidden = true;
        form().requestSubmit();
      });
    }
  }

  const ready = (move) => {
    addAll();
    keep();
    const first = document.querySelector(".mistakes") || (move && document.getElementById("open-h"));
    if (first) first.focus();
  };
  const whole = (sender, button) => { sender.dataset.leaving = ""; sender.requestSubmit(button); delete sender.dataset.leaving; };
  const replaced = async (sender, button) => {
    const body = new URLSearchParams(new FormData(sender, button));
    try {
      const answer = await fetch(sender.getAttribute("action"), { method: "POST", body, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.getElementById("asking");
      if (!part) { whole(sender, button); return; }
      document.getElementById("asking").replaceWith(part);
      for (const once of document.querySelectorAll(".load, main > .lead, [data-draft-found]")) once.remove();
      ready(true);
    } catch { whole(sender, button); }
  };
  document.addEventListener("submit", (event) => {
    const sender = event.target, button = event.submitter;
    if (sender.id !== "ask" || "leaving" in sender.dataset || (button && "whole" in button.dataset)) return;
    event.preventDefault();
    replaced(sender, button);
  });
  ready(false);
})();
