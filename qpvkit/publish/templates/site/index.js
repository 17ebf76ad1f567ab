"use strict";
(() => {
  const form = document.querySelector(".filters");
  if (!form) return;
  const rows = [...document.querySelectorAll("tbody tr")];
  const dots = [...document.querySelectorAll(".atlas a")];
  const status = document.querySelector(".count");
  const search = document.getElementById("cherche");
  const facets = [...form.querySelectorAll("[data-facet]")];
  const svg = document.querySelector(".atlas svg");
  const whole = svg ? svg.getAttribute("viewBox") : "";
  const fold = (text) =>
    text.replace(/[œŒ]/g, "oe").normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  const keep = (row, words) =>
    words.every((word) => row.dataset.text.includes(word)) &&
    facets.every((facet) =>
      !facet.value || (row.dataset[facet.dataset.facet] || "").split("|").includes(facet.value));

  // bring the map nearer to what is left
  const frame = (shown) => {
    if (!svg) return;
    const left = dots.filter((dot) => !dot.hasAttribute("hidden"));
    const [, , width, height] = whole.split(" ").map(Number);
    let zoom = 1;
    let box = whole;
    if (left.length && shown < rows.length) {
      const at = left.map((dot) => dot.firstElementChild);
      const xs = at.map((c) => Number(c.getAttribute("cx")));
      const ys = at.map((c) => Number(c.getAttribute("cy")));
      const x = Math.min(...xs), y = Math.min(...ys);
      const span = Math.max(Math.max(...xs) - x, ((Math.max(...ys) - y) * width) / height, 40) + 40;
      zoom = Math.max(1, Math.min(width / span, 8));
      const w = width / zoom, h = height / zoom;
      box = [(x + Math.max(...xs)) / 2 - w / 2, (y + Math.max(...ys)) / 2 - h / 2, w, h].join(" ");
      if (zoom === 1) box = whole;
    }
    svg.setAttribute("viewBox", box);
    dots.forEach((dot) => dot.firstElementChild.setAttribute("r", 4.5 / zoom));
    rove(left[0]);
  };

  const rove = (dot) => {
    dots.forEach((other) => other.setAttribute("tabindex", other === dot ? "0" : "-1"));
  };

  const apply = () => {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    const codes = new Set();
    rows.forEach((row) => {
      row.hidden = !keep(row, words);
      if (!row.hidden) codes.add(row.dataset.code);
    });
    dots.forEach((dot) => dot.toggleAttribute("hidden", !codes.has(dot.dataset.code)));
    const some = codes.size < rows.length;
    const plural = codes.size > 1 ? "s" : "";
    status.textContent = some
      ? `${codes.size} quartier${plural} sur ${rows.length}.`
      : `${codes.size} quartier${plural}.`;
    frame(codes.size);
  };

  // sort by the heading that is pressed; a second press turns the order round
  document.querySelectorAll("th[data-sort]").forEach((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const place = [...head.parentElement.children].indexOf(head);
      const down = head.getAttribute("aria-sort") === "ascending";
      document.querySelectorAll("th[aria-sort]").forEach((th) => th.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const cell = row.children[place];
        if (head.dataset.sort === "text") return cell.textContent;
        return cell.dataset.value === "" ? NaN : Number(cell.dataset.value);
      };
      const order = new Intl.Collator("fr", { numeric: true });
      const turn = down ? -1 : 1;
      rows.sort((a, b) => {
        const one = value(a), two = value(b);
        if (typeof one === "string") return turn * order.compare(one, two);
        if (Number.isNaN(one) || Number.isNaN(two)) return Number.isNaN(one) - Number.isNaN(two);
        return turn * (one - two);
      });
      document.querySelector("tbody").append(...rows);
    });
  });

  // arrows go to the nearest dot on that side
  const sides = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  if (svg) {
    svg.addEventListener("keydown", (event) => {
      const side = sides[event.key];
      const from = event.target.closest("a");
      if (!side || !from) return;
      event.preventDefault();
      const at = (dot) => ["cx", "cy"].map((n) => Number(dot.firstElementChild.getAttribute(n)));
      const [x, y] = at(from);
      let best = null, least = Infinity;
      dots.filter((dot) => dot !== from && !dot.hasAttribute("hidden")).forEach((dot) => {
        const [a, b] = at(dot);
        const along = (a - x) * side[0] + (b - y) * side[1];
        const across = Math.abs((a - x) * side[1]) + Math.abs((b - y) * side[0]);
        if (along > 0 && along + 2 * across < least) { best = dot; least = along + 2 * across; }
      });
      if (best) { rove(best); best.focus(); }
    });
    document.querySelector(".help").hidden = false;
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  search.addEventListener("input", apply);
  facets.forEach((facet) => facet.addEventListener("change", apply));
  form.hidden = false;
  apply();
})();
