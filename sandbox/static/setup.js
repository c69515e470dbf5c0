// The mail's token is in the fragment: it is handed over by the form and leaves the address bar.
document.querySelector("#setup [name=token]").value = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
