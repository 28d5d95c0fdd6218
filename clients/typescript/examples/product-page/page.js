// Shows the product that the address names: /?sku=WH-1000XM5. The catalog is at ?catalog=…, or http://localhost:8080.
// It must allow this page's origin: CATALOG_CORS_ORIGINS=http://localhost:5173
import { createProducts, formatMoney, isReason } from "@zebrands/catalog";

const address = new URLSearchParams(location.search);
const products = createProducts({ baseUrl: address.get("catalog") ?? "http://localhost:8080" });
const message = document.querySelector("#message");
const article = document.querySelector("article");

try {
  show(await products.get({ sku: address.get("sku") ?? "" }));
} catch (error) {
  message.textContent = isReason(error, "PRODUCT_NOT_FOUND", "FIELD_INVALID")
    ? "There is no such product."
    : "The catalog cannot be reached. Try again in a moment.";
}

function show({ name, brand, sku, price, description, imageUrls }) {
  document.title = name;
  article.querySelector("h1").textContent = name;
  article.querySelector("#brand").textContent = brand;
  article.querySelector("#sku").textContent = sku;
  article.querySelector("#price").textContent = formatMoney(price);
  article.querySelector("#description").textContent = description;
  if (imageUrls[0]) article.append(Object.assign(new Image(), { src: imageUrls[0], alt: name }));
  message.remove();
  article.hidden = false;
}
