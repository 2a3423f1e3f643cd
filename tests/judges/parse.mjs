// A mail (standard input) as another parser reads it, as JSON.
import { readFileSync } from "node:fs";
import PostalMime from "postal-mime";

const mail = await PostalMime.parse(readFileSync(0));
const { headers, from, to, subject, messageId, date, text, html } = mail;
const attachments = mail.attachments.map(({ mimeType, contentId, disposition, content }) => ({
  mimeType, contentId, disposition, size: content.byteLength,
}));
console.log(JSON.stringify({ headers, from, to, subject, messageId, date, text, html, attachments }));
