// The form of /setup, /accept-invitation and /reset-password. The token is in the fragment, which
// browsers do not send to servers, and leaves the address bar at once.
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname);

function say(text, bad) {
  status.className = bad ? "bad" : "";
  status.textContent = text;
}

// Marks the fields that the server blames, named as in the proto files.
function blame(details) {
  const violations = (details ?? []).flatMap((d) => d.debug?.fieldViolations ?? []);
  const fields = new Set(violations.map((v) => v.field.replace(/^new_/, "")));
  for (const input of form.querySelectorAll("input")) {
    input.setAttribute("aria-invalid", String(fields.has(input.name)));
  }
  form.querySelector("[aria-invalid=true]")?.focus();
}

async function submit() {
  const request = { token };
  for (const input of form.querySelectorAll("input")) {
    request[input.dataset.as ?? input.name] = input.value;
  }
  const response = await fetch(form.dataset.call, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  if (response.ok) {
    form.remove();
    say(form.dataset.done, false);
    return;
  }
  const error = await response.json();
  blame(error.details);
  say(error.message, true);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  say("One moment …", false);
  try {
    await submit();
  } catch {
    say("The server does not answer. Try again.", true);
  } finally {
    button.disabled = false;
  }
});

if (!token) {
  form.remove();
  say("This link is not complete: it must end with #token= and a token.", true);
} else {
  form.hidden = false;
}
