import assert from "node:assert/strict";
import { test } from "node:test";
import { addMoney, compareMoney, formatMoney, multiplyMoney, parseMoney } from "../../src/money.js";

const mxn = (amount: string) => ({ amount, currencyCode: "MXN" });

test("amounts are written with every digit that they have", () => {
  const cases: [amount: string, currency: string, locale: string, want: string][] = [
    ["1299.90", "MXN", "es-MX", "$1,299.90"],
    ["1299.90", "USD", "en-US", "$1,299.90"],
    ["1299", "JPY", "en-US", "¥1,299"],
    ["1.500", "KWD", "en-US", "KWD 1.500"],
    ["1299.90", "EUR", "de-DE", "1.299,90 €"],
    ["92233720368547758.07", "USD", "en-US", "$92,233,720,368,547,758.07"],
    ["0.10", "USD", "en-US", "$0.10"],
  ];
  for (const [amount, currencyCode, locale, want] of cases) {
    assert.equal(formatMoney({ amount, currencyCode }, locale).replace(/\s/g, " "), want);
  }
  assert.equal(formatMoney(mxn("5.00"), "en-US", { currencyDisplay: "code" }).replace(/\s/g, " "), "MXN 5.00");
  for (const amount of ["", "1e3", "NaN", "1.", ".5", "+1", "1,5", " 1"]) {
    assert.throws(() => formatMoney(mxn(amount)), RangeError, amount);
  }
});

test("amounts are read as people of a locale type them", () => {
  const cases: [text: string, currency: string, locale: string, want: string | undefined][] = [
    ["1,299.90", "MXN", "es-MX", "1299.90"],
    ["$1,299.90", "MXN", "es-MX", "1299.90"],
    ["MX$ 1,299.90", "MXN", "en-US", "1299.90"],
    ["1299.9", "MXN", "es-MX", "1299.9"],
    [" 1299 ", "MXN", "es-MX", "1299"],
    ["007", "MXN", "es-MX", "7"],
    ["0", "MXN", "es-MX", "0"],
    ["1.299,90 €", "EUR", "de-DE", "1299.90"],
    ["1299,90", "EUR", "es-ES", "1299.90"],
    ["1 299,90 €", "EUR", "fr-FR", "1299.90"],
    ["1'299.90", "CHF", "de-CH", "1299.90"],
    ["12,34,567.50", "INR", "en-IN", "1234567.50"],
    ["١٬٢٩٩٫٩٠", "EGP", "ar-EG", "1299.90"],
    ["92233720368547758.07", "USD", "en-US", "92233720368547758.07"],
    ["1,5", "USD", "en-US", undefined],
    ["1.5", "EUR", "de-DE", undefined],
    ["1,23,456", "USD", "ja-JP", "123456"],
    ["0,100", "USD", "en-US", undefined],
    ["1,299,90", "USD", "en-US", undefined],
    ["1 2", "USD", "en-US", undefined],
    ["-1", "USD", "en-US", undefined],
    ["1.2.3", "USD", "en-US", undefined],
    ["1.", "USD", "en-US", undefined],
    ["", "USD", "en-US", undefined],
    ["$", "USD", "en-US", undefined],
    ["free", "USD", "en-US", undefined],
    ["1e3", "USD", "en-US", undefined],
  ];
  for (const [text, currencyCode, locale, amount] of cases) {
    const want = amount === undefined ? undefined : { amount, currencyCode };
    assert.deepEqual(parseMoney(text, currencyCode, locale), want, `${text} in ${locale}`);
  }
});

test("what is written can be read again", () => {
  for (const locale of ["es-MX", "en-US", "de-DE", "fr-FR", "de-CH", "en-IN", "ar-EG", "ja-JP", "pt-BR", "hi-IN"]) {
    for (const [amount, currencyCode] of [
      ["1234567.89", "MXN"],
      ["0.05", "EUR"],
      ["1234567", "JPY"],
      ["12.345", "KWD"],
    ] as const) {
      const text = formatMoney({ amount, currencyCode }, locale);
      assert.deepEqual(parseMoney(text, currencyCode, locale), { amount, currencyCode }, `${text} in ${locale}`);
    }
  }
});

test("amounts compare by value", () => {
  assert.equal(compareMoney(mxn("1.10"), mxn("1.1")), 0);
  assert.ok(compareMoney(mxn("9"), mxn("10.00")) < 0);
  assert.ok(compareMoney(mxn("92233720368547758.07"), mxn("92233720368547758.06")) > 0);
  assert.throws(() => compareMoney(mxn("1"), { amount: "1", currencyCode: "USD" }), RangeError);
});

test("sums and products are exact", () => {
  assert.deepEqual(addMoney(mxn("0.10"), mxn("0.20")), mxn("0.30"));
  assert.deepEqual(addMoney(mxn("92233720368547758.07"), mxn("0.01")), mxn("92233720368547758.08"));
  assert.deepEqual(addMoney(mxn("1"), mxn("0.005")), mxn("1.005"));
  assert.throws(() => addMoney(mxn("1"), { amount: "1", currencyCode: "USD" }), RangeError);

  assert.deepEqual(multiplyMoney(mxn("129.90"), "1.10"), mxn("142.89"));
  assert.deepEqual(multiplyMoney(mxn("0.05"), "0.5"), mxn("0.02"));
  assert.deepEqual(multiplyMoney(mxn("0.15"), "0.5"), mxn("0.08"));
  assert.deepEqual(multiplyMoney(mxn("0.05"), "0.5", "half-up"), mxn("0.03"));
  assert.deepEqual(multiplyMoney(mxn("0.09"), "0.5", "down"), mxn("0.04"));
  assert.deepEqual(multiplyMoney(mxn("0.05"), "-0.5"), mxn("-0.02"));
  assert.deepEqual(multiplyMoney({ amount: "1000", currencyCode: "JPY" }, "1.0005"), { amount: "1000", currencyCode: "JPY" });
  assert.throws(() => multiplyMoney(mxn("1"), "10%"), RangeError);
});
