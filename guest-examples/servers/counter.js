// Serves HTTP on 127.0.0.1:PORT: each answer is the next number. Worker threads compute something that gets compiled at
// run time, and what they computed is checked.
"use strict";
const { Worker, isMainThread, parentPort } = require("node:worker_threads");
const http = require("node:http");

function sumOfSquares(count) {
    let sum = 0;
    for (let number = 1; number <= count; number++) sum += number * number;
    return sum;
}

function serve(port) {
    let next = 0;
    let turn = 0;
    const waiting = new Map();
    const workers = [0, 1].map(() => new Worker(__filename));
    for (const worker of workers) {
        worker.on("message", ({ number, sum }) => {
            const count = 1000 + (number % 100);
            const isRight = sum === (count * (count + 1) * (2 * count + 1)) / 6;
            const body = isRight ? `${number}\n` : `wrong sum ${sum} for ${count}\n`;
            waiting.get(number).setHeader("Content-Length", body.length).end(body);
            waiting.delete(number);
        });
    }
    http.createServer((request, response) => {
        const number = ++next;
        waiting.set(number, response);
        workers[turn++ % workers.length].postMessage(number);
    }).listen(port, "127.0.0.1");
}

if (isMainThread) {
    serve(Number(process.argv[2]));
} else {
    parentPort.on("message", (number) => {
        parentPort.postMessage({ number, sum: sumOfSquares(1000 + (number % 100)) });
    });
}
