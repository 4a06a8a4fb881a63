"use strict";

// Draws the next six weeks of a roster as the form would make them, a moment after each change. Nothing is saved.
(() => {
    const PAUSE = 400;
    let waiting;
    let latest = 0;

    // Files are read when the page is saved, not with every key.
    function withoutFiles(data) {
        for (const [name, value] of [...data.entries()]) {
            if (value instanceof File) {
                data.delete(name);
            }
        }
        return data;
    }

    // Whoever listens hears what came of a change, not the whole drawing.
    function say(part) {
        const said = document.getElementById("six-weeks-said");
        if (said && part) {
            said.textContent = part.textContent;
        }
    }

    async function draw(form, place) {
        latest += 1;
        const mine = latest;
        place.setAttribute("aria-busy", "true");
        try {
            const answer = await fetch(place.dataset.preview, {
                method: "POST",
                body: withoutFiles(new FormData(form)),
                headers: { "X-Requested-With": "XMLHttpRequest" },
                credentials: "same-origin",
            });
            const text = await answer.text();
            if (mine !== latest) {
                return;
            }
            if (answer.ok && !answer.redirected) {
                place.innerHTML = text;
                say(place.querySelector(".summary, .roster-mistakes"));
            } else {
                place.textContent = "The preview cannot be drawn now; saving tells what is wrong.";
                say(place);
            }
        } catch {
            place.textContent = "The server cannot be reached; the preview waits for the next change.";
            say(place);
        } finally {
            if (mine === latest) {
                place.removeAttribute("aria-busy");
            }
        }
    }

    document.addEventListener("DOMContentLoaded", () => {
        const place = document.getElementById("six-weeks");
        const form = place && place.closest("form");
        if (!form) {
            return;
        }
        const soon = () => {
            clearTimeout(waiting);
            waiting = setTimeout(() => draw(form, place), PAUSE);
        };
        for (const kind of ["input", "change"]) {
            form.addEventListener(kind, soon);
        }
        // Rows that are added, removed or dragged change the form without an event of their own.
        form.addEventListener("click", (event) => {
            if (event.target.closest("a, button, [role=button]")) {
                soon();
            }
        });
        form.addEventListener("drop", soon);
    });
})();
