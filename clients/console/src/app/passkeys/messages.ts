import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: {
    insecure: "Passkeys need a secure connection (https), which this page does not have. Whoever runs the server can set it up.",
    number: "Passkeys belong to a name such as catalog.example.com, and this page's address is a number. Open it by its name.",
    browser: "This browser knows no passkeys. Use a newer one.",
    passkeyName: "Name of the passkey",
    passkeyNameHint: "So that you recognize it later.",
    device: (program: string, system: string) => `${program} on ${system}`,
    codesText: "Each of them works once instead of a passkey, with your password. They are shown only now.",
    codes: "Recovery codes",
    copy: "Copy",
    copied: "Copied",
    download: "Download",
    saved: "I have saved them",
    file: (host: string) => `Recovery codes for ${host}. Each works once.`,
  },
  es: {
    insecure:
      "Las llaves de acceso necesitan una conexión segura (https), que esta página no tiene. Quien administra el servidor puede configurarla.",
    number:
      "Las llaves de acceso pertenecen a un nombre como catalogo.ejemplo.com, y la dirección de esta página es un número. Ábrela por su nombre.",
    browser: "Este navegador no conoce las llaves de acceso. Usa uno más reciente.",
    passkeyName: "Nombre de la llave de acceso",
    passkeyNameHint: "Para que la reconozcas después.",
    device: (program, system) => `${program} en ${system}`,
    codesText: "Cada uno sirve una vez en lugar de una llave de acceso, junto con tu contraseña. Solo se muestran ahora.",
    codes: "Códigos de recuperación",
    copy: "Copiar",
    copied: "Copiados",
    download: "Descargar",
    saved: "Los he guardado",
    file: (host) => `Códigos de recuperación de ${host}. Cada uno sirve una vez.`,
  },
});
