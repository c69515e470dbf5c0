// Elements, forms and dialogs. Text is only ever set as text.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== false));
  return made;
}

export function show(title, children, { wide = false } = {}) {
  const page = document.querySelector("#page");
  page.classList.toggle("wide", wide);
  page.replaceChildren(el("h1", {}, title), ...children.flat());
  document.title = `${title} · 다우오피스 고객포털`;
  page.focus({ preventScroll: true });
  scrollTo(0, 0);
}

export function field(label, attributes, hint) {
  const need = attributes.required ? el("span", { class: "need" }, " *") : null;
  return el("label", { class: "field" }, label, need, el("input", attributes), hint && el("small", { class: "hint" }, hint));
}

export function panel(title, ...children) {
  return el("section", { class: "panel" }, title && el("h2", {}, title), ...children);
}

export function valueOf(form, name) {
  return form.elements[name].value.trim();
}

// Runs the work of a button or form once at a time, and says what went wrong above it.
export async function busy(host, work) {
  host.querySelector(":scope > .alert")?.remove();
  const buttons = [...host.querySelectorAll("button")].filter((button) => !button.disabled);
  for (const button of buttons) button.disabled = true;
  try {
    return await work();
  } catch (problem) {
    if (!problem.code) console.error(problem);
    const words = problem.detail || problem.title || "잠시 후 다시 시도해 주세요.";
    const alert = el("p", { class: "alert", role: "alert", "data-code": problem.code }, words);
    host.prepend(alert);
    alert.scrollIntoView({ block: "nearest" });
    return undefined;
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

export function form(onsubmit, ...children) {
  const made = el("form", {}, ...children);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(made, () => onsubmit(made));
  });
  return made;
}

// A modal dialog; what is in it closes it by `close()`.
export function popup(title, build, { kicker } = {}) {
  const box = el("dialog", { "aria-label": title });
  const close = () => { box.close(); box.remove(); };
  box.append(...[kicker && el("p", { class: "kicker" }, kicker), el("h2", {}, title)].filter(Boolean), ...build(close).flat());
  box.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(box);
  box.showModal();
  return box;
}
