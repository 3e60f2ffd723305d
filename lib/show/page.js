"use strict";
/* Sorts and filters tables. All that they hold can be read without it. */

const units = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15, EB: 1e18, us: 1e-6, ms: 1e-3, min: 60, h: 3600, d: 86400 };

/* "1,234", "1.2 MB" and "1 min 30 s" as numbers; what is empty comes below 0. */
function amount(text) {
    let sum = text ? 0 : -1;
    for (const [, number, unit] of text.replace(/,/g, "").matchAll(/([\d.]+) ?([a-zA-Z]*)/g))
        sum += number * (units[unit] || 1);
    return sum;
}

function sort(head) {
    const text = head.classList.contains("t"), old = head.ariaSort;
    const up = old ? old === "descending" : text;
    const body = head.closest("table").tBodies[0];
    const rows = [...body.rows].map(row => {
        const shown = row.cells[head.cellIndex].textContent;
        return { row, key: text ? shown : amount(shown) };
    });
    rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key) * (up ? 1 : -1));
    body.append(...rows.map(one => one.row));
    for (const other of head.parentNode.cells)
        other.ariaSort = null;
    head.ariaSort = up ? "ascending" : "descending";
}

for (const head of document.querySelectorAll(".sort th[scope=col]:not(.x)")) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.onclick = () => sort(head);
    head.append(button);
}

for (const box of document.querySelectorAll(".filter")) {
    const input = box.querySelector("input"), count = box.querySelector("output");
    const rows = [...box.parentNode.querySelector("tbody").rows];
    input.oninput = () => {
        const words = input.value.toLowerCase().split(/\s+/);
        let shown = 0;
        for (const row of rows) {
            const text = row.textContent.toLowerCase();
            row.hidden = !words.every(word => text.includes(word));
            shown += !row.hidden;
        }
        count.value = (shown < rows.length ? `${shown} of ` : "") + `${rows.length} rows`;
    };
    box.hidden = false;
    input.oninput();
}
