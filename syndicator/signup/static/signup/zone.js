// The hour of a daily summary is meant by the reader's own clock; the page works without it.
const field = document.getElementById("time-zone");
if (field) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
