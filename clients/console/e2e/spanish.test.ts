import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { addAuthenticator } from "./harness/authenticator";
import { assertAccessible, assertFits, launchBrowser, settled, visit } from "./harness/browser";
import { ana, type Server, startServer } from "./harness/server";

let browser: Browser;
let server: Server;
let product: string;

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  server = await startServer();
  await server.importCsv(
    'sku,name,brand,price,currency,tags\nMESA-1,Mesa de centro de roble macizo con cajones,Muebles Río,8999.00,MXN,"hogar,edición limitada"\n',
  );
  const response = await fetch(`${server.url}/catalog.v1.ProductService/GetProduct`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sku: "MESA-1" }),
  });
  product = (await response.json()).product.id;
});

afterEach(() => server?.stop());

after(() => browser?.close());

const mexico: BrowserContextOptions = { locale: "es-MX", timezoneId: "America/Mexico_City" };

/** What the browser says about a call that was refused, as it should be. */
const refused = /status of 4\d\d/;

async function signIn(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Correo").fill(ana.email);
  await page.getByLabel("Contraseña", { exact: true }).fill(ana.password);
  await page.getByRole("button", { name: "Iniciar sesión" }).click();
  await page.waitForURL("**/admin/**");
}

test("what the server objects to in a product is told in Spanish, at its field", async () => {
  await visit(
    browser,
    server.url,
    async ({ page, expectConsole }) => {
      expectConsole(refused);
      await signIn(page);
      await page.goto("/admin/products/new");
      const field = (name: string) => page.locator(`[name="${name}"]`);
      const wrong = async (name: string) =>
        page.locator(`[id="${await field(name).getAttribute("aria-describedby")}"]`).textContent();
      await field("name").fill("Silla");
      await field("brand").fill("Acme");
      await field("sku").fill("SILLA-1");
      await field("price.amount").fill("10.999");
      await field("price.currency_code").fill("mxn");
      await field("image_urls").fill("ftp://ejemplo.com/silla.jpg");
      await page.getByRole("button", { name: "Añadir un atributo" }).click();
      await page.getByLabel("Nombre del atributo 1").fill("color");
      await page.getByRole("button", { name: "Crear producto" }).click();
      await page.locator("[aria-invalid=true]").first().waitFor();
      assert.equal(await wrong("price.amount"), "Tiene más decimales que su moneda.");
      assert.equal(await wrong("image_urls"), "Debe ser una dirección que empiece por https:// o http://.");

      await field("price.amount").fill("10.99");
      await field("price.currency_code").fill("xyz");
      await field("image_urls").fill(Array.from({ length: 21 }, (_, i) => `https://ejemplo.com/${i}.jpg`).join("\n"));
      await page.getByRole("button", { name: "Crear producto" }).click();
      await page.locator("[name='price.currency_code'][aria-invalid=true]").waitFor();
      assert.equal(await wrong("price.currency_code"), "No es un código de moneda como MXN.");
      assert.equal(await wrong("image_urls"), "Debe tener como máximo 20 elementos.");

      await field("price.currency_code").fill("mxn");
      await field("image_urls").fill("");
      await field("sku").fill("MESA-1");
      await page.getByRole("button", { name: "Crear producto" }).click();
      await page.getByText("Otro producto tiene este SKU.").waitFor();
      await field("sku").fill("SILLA-1");
      await page.getByRole("button", { name: "Crear producto" }).click();
      await page.getByText("Ana Torres lo creó").waitFor();
    },
    mexico,
  );
});

test("an import tells in Spanish what is wrong with each row", async () => {
  await visit(
    browser,
    server.url,
    async ({ page, expectConsole }) => {
      expectConsole(refused);
      await signIn(page);
      await page.goto("/admin/import");
      const rows = [
        "sku,name,brand,price,currency,tags",
        "NEW-1,Tres decimales,Luz,10.999,MXN,",
        "NEW-2,Sin moneda,Luz,10.00,ABC,",
        `NEW-3,${"x".repeat(201)},Luz,10.00,MXN,`,
        'NEW-4,Repetidas,Luz,10.00,MXN,"a,a"',
        "NEW-5,Muy cara,Luz,99999999999999999999,MXN,",
        "NEW-6,Bien,Luz,10.00,MXN,",
      ];
      const file = { name: "productos.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) };
      await page.setInputFiles("input[type=file]", file);
      await page.getByRole("button", { name: "Importar 6 filas" }).click();
      await page.getByText("Productos nuevos: 1. Cambiados: 0.").waitFor();
      for (const text of [
        "price: tiene más decimales que su moneda",
        "currency: no es un código de moneda como MXN",
        "name: debe tener como máximo 200 caracteres",
        "tags: está repetido",
        "price: es demasiado grande",
      ]) {
        await page.getByText(text, { exact: true }).waitFor();
      }
    },
    mexico,
  );
});

test("so is what is wrong with a password, an address or a link", async () => {
  await visit(
    browser,
    server.url,
    async ({ page, expectConsole }) => {
      expectConsole(refused);
      await page.goto("/accept-invitation#token=nothing");
      await page.getByLabel("Contraseña", { exact: true }).fill("una contraseña larga");
      await page.getByRole("button", { name: "Aceptar e iniciar sesión" }).click();
      await page.getByText("Este enlace ya se usó o ha caducado.").waitFor();

      await page.goto("/sign-in");
      await page.getByLabel("Correo").fill(ana.email);
      await page.getByLabel("Contraseña", { exact: true }).fill("no es la mía");
      await page.getByRole("button", { name: "Iniciar sesión" }).click();
      await page.getByText("El correo o la contraseña no son correctos.").waitFor();

      await signIn(page);
      await page.goto("/admin/profile");
      await page.getByLabel("Contraseña actual").fill(ana.password);
      await page.getByLabel("Contraseña nueva").fill("zzzzzzzzzzzz");
      await page.getByRole("button", { name: "Cambiar contraseña" }).click();
      await page.getByText("No puede repetir un solo carácter.").waitFor();
      await page.getByLabel("Contraseña nueva").fill("ANA@example.com");
      await page.getByRole("button", { name: "Cambiar contraseña" }).click();
      await page.getByText("No puede ser el correo.").waitFor();

      await page.goto("/admin/administrators");
      await page.getByRole("button", { name: "Invitar" }).first().click();
      await page.getByLabel("Correo").fill("ana@xn--zzzzzz99.com");
      await page.getByLabel("Nombre").fill("Otra Ana");
      await page.getByRole("button", { name: "Enviar invitación" }).click();
      await page.getByText("Debe ser una dirección de correo como ana@ejemplo.com.").waitFor();
    },
    mexico,
  );
});

test("so are security events, and programs with a key in the history", async () => {
  await visit(
    browser,
    server.url,
    async ({ page }) => {
      await signIn(page);
      await page.goto("/admin/api-keys");
      await page.getByRole("button", { name: "Crear clave" }).click();
      await page.getByLabel("Nombre del programa").fill("erp");
      await page.getByRole("radio", { name: "Leer y escribir" }).check();
      await page.getByRole("dialog").getByRole("button", { name: "Crear clave" }).click();
      const key = await page.getByLabel("Clave", { exact: true }).inputValue();
      await page.getByRole("button", { name: "Ya la guardé" }).click();
      await fetch(`${server.url}/catalog.v1.ProductService/DeleteProduct`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
        body: JSON.stringify({ id: product }),
      });
      await page.goto(`/admin/products/${product}`);
      await page.getByText("erp (clave de Ana Torres) lo eliminó").waitFor();
      await page.goto("/admin/security-events");
      await page.getByText("Ana Torres creó la clave de API «erp»").waitFor();
      await page.getByText("Ana Torres inició sesión").first().waitFor();
    },
    mexico,
  );
});

test("every page fits a phone in Spanish", async () => {
  await visit(
    browser,
    server.url,
    async ({ page, expectConsole }) => {
      expectConsole(refused);
      await page.setViewportSize({ width: 390, height: 844 });
      const look = async (path: string) => {
        await page.goto(path);
        await settled(page);
        assert.equal(await page.locator("html").getAttribute("lang"), "es");
        await assertAccessible(page, `${path} in Spanish`);
        await assertFits(page, `${path} in Spanish`);
      };
      for (const path of [
        "/",
        "/?brand=Muebles+R%C3%ADo&min=100",
        `/p/${product}`,
        "/sign-in",
        "/forgot-password",
        "/confirm-email#token=x",
      ])
        await look(path);
      await signIn(page);
      for (const path of [
        "/admin/products",
        "/admin/products?brand=Muebles+R%C3%ADo&min=100&deleted=1&sort=price",
        "/admin/products/new",
        `/admin/products/${product}`,
        `/admin/products/${product}?edit=1`,
        "/admin/import",
        "/admin/reports",
        "/admin/notifications",
        "/admin/notifications?tab=preferences",
        "/admin/notifications?tab=mailbox",
        "/admin/administrators",
        "/admin/api-keys",
        "/admin/security-events",
        "/admin/security-events?type=failures&who=operator&within=days&from=2026-01-01&to=2026-12-31",
        "/admin/profile",
      ]) {
        await look(path);
      }
    },
    mexico,
  );
});

test("signing in with a passkey, and what is asked again, fit a phone in Spanish", async () => {
  await visit(
    browser,
    server.url,
    async ({ page, expectConsole }) => {
      expectConsole(refused);
      await page.setViewportSize({ width: 390, height: 844 });
      const authenticator = await addAuthenticator(page);
      const look = async (what: string) => {
        await assertAccessible(page, `${what} in Spanish`);
        await assertFits(page, `${what} in Spanish`);
      };
      await signIn(page);
      await server.ageSessions();
      await page.goto("/admin/profile");
      await page.getByRole("button", { name: "Añadir llave de acceso" }).click();
      await look("adding a passkey");
      await page.getByRole("dialog").getByRole("button", { name: "Añadir llave de acceso" }).click();
      const question = page.getByRole("dialog", { name: "Confirma que eres tú" });
      await question.getByLabel("Tu contraseña").waitFor();
      await look("the question who it is");
      await question.getByLabel("Tu contraseña").fill(ana.password);
      await question.getByRole("button", { name: "Confirmar" }).click();
      await page.getByRole("button", { name: "Los he guardado" }).waitFor();
      await look("recovery codes");
      await page.getByRole("button", { name: "Los he guardado" }).click();
      await page.getByText("Quedan 10 códigos de recuperación").waitFor();
      await look("a passkey");

      await page.goto("/admin/administrators");
      await page.getByRole("switch", { name: "Exigir a todos un segundo factor" }).click();
      await page.getByRole("dialog", { name: "¿Exigir un segundo factor?" }).waitFor();
      await look("the rule");
      await page.keyboard.press("Escape");

      await authenticator.leaveAlone();
      await page.getByRole("button", { name: "Tu cuenta" }).filter({ visible: true }).click();
      await page.getByRole("menuitem", { name: "Cerrar sesión" }).click();
      await page.getByLabel("Correo").fill(ana.email);
      await page.getByLabel("Contraseña", { exact: true }).fill(ana.password);
      await page.getByRole("button", { name: "Iniciar sesión" }).click();
      await page.getByRole("heading", { name: "Usa tu llave de acceso" }).waitFor();
      await look("the step of the passkey");
      await page.getByRole("button", { name: "Usar un código de recuperación" }).click();
      await page.getByLabel("Código de recuperación").fill("ninguno");
      await page.getByRole("button", { name: "Iniciar sesión" }).click();
      await page.locator("[aria-invalid=true]").waitFor();
      await look("the step of the recovery code");
    },
    mexico,
  );
});
