// A method's path is a link inside the button that opens it, which keyboards and screen readers cannot tell apart: plain text
// instead. The address still follows what is open.
const readable = () => ({
  wrapComponents: {
    DeepLink: (_, { React }) => ({ text }) => React.createElement("span", null, text),
  },
});

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  defaultModelExpandDepth: 2,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  plugins: [readable],
  tryItOutEnabled: true,
  validatorUrl: null,
});

// What it lacks for keyboards and screen readers: elements, and the attributes that they need.
const attributesOf = [
  [".information-container", { role: "region", "aria-label": "About the API" }],
  [".scheme-container", { role: "region", "aria-label": "Authorization" }],
  [".filter", { role: "search" }],
  ["h3", { "aria-level": "2" }],
  ["h4", { "aria-level": "3" }],
  ["h5", { "aria-level": "4" }],
  ["textarea", { "aria-label": "Request body" }],
  [".parameters select, .parameters input", { "aria-label": "Parameter" }],
  [".curl, .microlight", { tabindex: "0" }], // scrolls sideways
  ["[id$=_responses]", { role: "group" }], // a landmark of the same name for each method
];
const reference = document.querySelector("#reference");
new MutationObserver(() => {
  for (const [selector, attributes] of attributesOf) {
    for (const [name, value] of Object.entries(attributes)) {
      for (const element of reference.querySelectorAll(selector)) {
        if (element.getAttribute(name) !== value) element.setAttribute(name, value);
      }
    }
  }
}).observe(reference, { childList: true, subtree: true });
