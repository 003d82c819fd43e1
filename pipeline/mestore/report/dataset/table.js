/* Tables: every <table data-sortable> sorts by its headings; the table of clips is drawn from the page's JSON. */
(function () {
  "use strict";
  var collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  var STEP = 100; // rows that are drawn at a time

  function compare(a, b) {
    if (a === b) return 0;
    if (a === null || a === "") return 1; // what is missing comes last, whichever way
    if (b === null || b === "") return -1;
    return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(a, b);
  }

  function ordered(rows, key, down) {
    return rows
      .map(function (row, place) { return [key(row), place, row]; })
      .sort(function (a, b) {
        var missing = [a[0], b[0]].some(function (value) { return value === null || value === ""; });
        return (down && !missing ? -1 : 1) * compare(a[0], b[0]) || a[1] - b[1];
      })
      .map(function (it) { return it[2]; });
  }

  /* Put a button into each heading; `sort(column, down)` does the rest. */
  function headings(table, sort) {
    var heads = Array.prototype.slice.call(table.tHead.rows[table.tHead.rows.length - 1].cells);
    heads.forEach(function (head, column) {
      if (!head.textContent.trim()) return;
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      while (head.firstChild) button.appendChild(head.firstChild);
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (it) { it.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(column, down);
      });
    });
  }

  function valueOf(cell) {
    if (!cell) return "";
    var text = cell.getAttribute("data-value") || cell.textContent.trim();
    return text !== "" && isFinite(text) ? Number(text) : text;
  }

  function sortable(table) {
    var body = table.tBodies[0];
    headings(table, function (column, down) {
      ordered(Array.prototype.slice.call(body.rows), function (row) { return valueOf(row.cells[column]); }, down)
        .forEach(function (row) { body.appendChild(row); });
    });
  }

  /* Subjects: hide the cards whose name does not hold the text. */
  function cards(input) {
    var all = Array.prototype.slice.call(document.querySelectorAll(".subjects > li"));
    var said = document.getElementById("subjects-shown");
    input.addEventListener("input", function () {
      var text = input.value.trim().toLowerCase(), shown = 0;
      all.forEach(function (card) {
        card.hidden = text !== "" && card.textContent.toLowerCase().indexOf(text) < 0;
        shown += card.hidden ? 0 : 1;
      });
      said.textContent = shown + " of " + all.length;
    });
  }

  function clips(table, data) {
    var body = table.tBodies[0], input = document.getElementById("clips-filter");
    var remark = document.getElementById("clips-remark"), said = document.getElementById("clips-shown");
    var cut = document.getElementById("clips-cut"), more = document.getElementById("clips-more"), every = document.getElementById("clips-all");
    var word = function (place) { return function (row) { return data.words[row[place]]; }; };
    var columns = [
      { value: function (row) { return data.subjects[row[0]][0]; } },
      { value: function (row) { return row[1]; } },
      { value: word(4) },
      { value: function (row) { return row[2]; }, number: true },
      { value: function (row) { return row[3]; }, number: true },
      { value: word(5) },
      { value: word(6) },
      { value: word(7) }
    ];
    var texts = new Map(data.rows.map(function (row) {
      return [row, columns.map(function (it) { return it.number ? "" : it.value(row); }).join(" ").toLowerCase()];
    }));
    var rows = data.rows, shown = [], drawn = 0;

    function link(text, address) {
      if (!address) return document.createTextNode(text);
      var a = document.createElement("a");
      a.href = address;
      a.textContent = text;
      return a;
    }
    function line(row) {
      var tr = document.createElement("tr"), page = data.subjects[row[0]][1];
      columns.forEach(function (column, place) {
        var td = document.createElement("td"), value = column.value(row), text = value === null ? "–" : String(value);
        if (column.number) td.className = "n";
        if (place === 0) td.appendChild(link(text, page));
        else if (place === 1) td.appendChild(link(text, page && row[8] ? page + "#" + row[8] : page));
        else td.textContent = text;
        tr.appendChild(td);
      });
      return tr;
    }
    function draw(count) {
      var some = document.createDocumentFragment();
      shown.slice(drawn, drawn + count).forEach(function (row) { some.appendChild(line(row)); });
      drawn = Math.min(drawn + count, shown.length);
      body.appendChild(some);
      said.textContent = (shown.length === data.rows.length ? "" : shown.length + " of ") + data.rows.length + " clips" +
        (drawn < shown.length ? ", the first " + drawn + " drawn" : "");
      more.hidden = every.hidden = cut.hidden = drawn >= shown.length;
      cut.textContent = "The first " + drawn + " of " + shown.length + " clips; the page itself has all.";
    }
    function again() {
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean), only = remark.value;
      shown = rows.filter(function (row) {
        var its = data.words[row[7]];
        return words.every(function (it) { return texts.get(row).indexOf(it) >= 0; }) &&
          (!only || (only === "any" ? its !== "" : (", " + its + ",").indexOf(", " + only + ",") >= 0));
      });
      body.textContent = "";
      drawn = 0;
      draw(STEP);
    }
    Array.from(new Set(data.rows.map(word(7)).join(", ").split(", "))).filter(Boolean).sort(collator.compare)
      .forEach(function (it) { remark.add(new Option(it)); });
    headings(table, function (column, down) { rows = ordered(rows, columns[column].value, down); again(); });
    input.addEventListener("input", again);
    remark.addEventListener("change", again);
    more.addEventListener("click", function () { draw(STEP); });
    every.addEventListener("click", function () { draw(shown.length); });
    window.addEventListener("beforeprint", function () { if (shown.length <= 1000) draw(shown.length); });
    again();
  }

  document.querySelectorAll(".tools").forEach(function (its) { its.hidden = false; });
  document.querySelectorAll("table[data-sortable]").forEach(sortable);
  var filter = document.getElementById("subjects-filter");
  if (filter) cards(filter);
  var table = document.getElementById("clips-table");
  if (table) clips(table, JSON.parse(document.getElementById("clips-data").textContent));
})();
