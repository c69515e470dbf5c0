// Small comforts of the console; without it every form works all the same.
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "복사됨";
  });
}

// A second click of an impatient finger: the server does it once anyway.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    });
  });
}

for (const slider of document.querySelectorAll("input[data-shows]")) {
  const shown = document.createElement("output");
  const show = () => {
    shown.textContent = slider.value;
  };
  slider.after(shown);
  slider.addEventListener("input", show);
  show();
}
