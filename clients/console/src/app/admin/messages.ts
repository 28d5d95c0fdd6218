import { defineMessages } from "@/i18n";

export const messages = defineMessages({
  en: {
    navigation: "Console",
    products: "Products",
    import: "Import",
    reports: "Reports",
    notifications: "Notifications",
    administrators: "Administrators",
    profile: "Your profile",
    jump: "Jump to …",
    more: "More",
    account: "Your account",
    signOut: "Sign out",
    signedOut: "You are signed out here, but the server could not be reached: the session may still be open.",
    commands: "Commands",
  },
  es: {
    navigation: "Consola",
    products: "Productos",
    import: "Importar",
    reports: "Informes",
    notifications: "Notificaciones",
    administrators: "Administradores",
    profile: "Tu perfil",
    jump: "Ir a …",
    more: "Más",
    account: "Tu cuenta",
    signOut: "Cerrar sesión",
    signedOut: "Has salido aquí, pero no se pudo contactar con el servidor: la sesión puede seguir abierta.",
    commands: "Comandos",
  },
});
