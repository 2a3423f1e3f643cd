// What the big mail programs do not support of an HTML part (standard input), as JSON.
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const clients = ["gmail.*", "outlook.*", "apple-mail.*"];
const { issues } = caniemail({ clients, html: readFileSync(0, "utf8") });
const found = {};
for (const [kind, byClient] of Object.entries(issues)) {
  for (const [client, list] of byClient) {
    for (const { title } of list) ((found[kind] ??= {})[title] ??= new Set()).add(client);
  }
}
console.log(JSON.stringify(found, (_, value) => (value instanceof Set ? [...value].sort() : value)));
