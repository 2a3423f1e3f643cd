// Reads one JSON string a line, answers [weightedLength, valid] a line.
"use strict";
const readline = require("readline");
const twitter = require("twitter-text");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const result = twitter.parseTweet(JSON.parse(line));
  process.stdout.write(JSON.stringify([result.weightedLength, result.valid]) + "\n");
});
