// Runs before the first paint, so that a chosen theme does not flash. The rest is in src/lib/preferences.ts.
(() => {
  try {
    const { theme, language } = JSON.parse(localStorage.getItem("catalog-preferences") ?? "{}");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    if (language === "es") document.documentElement.lang = language;
  } catch {
    // A browser without storage shows what the system prefers.
  }
})();
