// Turns every <textarea data-condition-editor> into an editor of its condition (docs/conditions.md).
// The text area stays what is sent: without this script, or for what it cannot show, it is edited as text.

const JOINS = [["all", "all of these"], ["any", "any of these"], ["not_any", "none of these"], ["not_all", "not all of these"]];
const ASK_AFTER = 400;
let vocabulary = null;
let serial = 0;

// ---- elements ----

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function select(label, options, chosen, onchange) {
  const element = el("select", { class: "form-select form-select-sm", "aria-label": label });
  const groups = new Map();
  for (const [value, text, group] of options) {
    const option = el("option", { value, selected: value === chosen }, text);
    if (!group) element.append(option);
    else {
      if (!groups.has(group)) {
        groups.set(group, el("optgroup", { label: group }));
        element.append(groups.get(group));
      }
      groups.get(group).append(option);
    }
  }
  element.addEventListener("change", () => onchange(element.value));
  return element;
}

function input(type, label, value, onvalue, attributes = {}) {
  const element = el("input", { type, class: "form-control form-control-sm", "aria-label": label, ...attributes });
  element.value = value ?? "";
  element.addEventListener("input", () => onvalue(element.value));
  return element;
}

function button(text, label, onclick) {
  return el("button", { type: "button", class: "condition-button btn btn-sm", "aria-label": label, onclick }, text);
}

function checkbox(text, checked, onvalue) {
  const box = el("input", { type: "checkbox", class: "form-check-input" });
  box.checked = checked;
  box.addEventListener("change", () => onvalue(box.checked));
  return el("label", { class: "condition-check" }, box, ` ${text}`);
}

// A place whose controls are replaced while those around it, and the keyboard with them, stay.
function slot() {
  return el("span", { class: "condition-slot" });
}

// ---- reading and writing the JSON ----

class NotShown extends Error {}

function only(tree, known) {
  for (const key of Object.keys(tree)) {
    if (!known.includes(key)) throw new NotShown(`"${key}" is unknown here`);
  }
}

function read(tree) {
  if (tree === null || typeof tree !== "object" || Array.isArray(tree)) throw new NotShown("there is no condition");
  if ("not" in tree) {
    only(tree, ["not"]);
    const node = read(tree.not);
    node.negated = !node.negated;
    return node;
  }
  for (const join of ["all", "any"]) {
    if (join in tree) {
      only(tree, [join]);
      if (!Array.isArray(tree[join])) throw new NotShown(`"${join}" is not a list`);
      return { kind: "group", join, negated: false, members: tree[join].map(read) };
    }
  }
  return "activity" in tree ? readActivity(tree) : readField(tree);
}

function readField(tree) {
  const head = "answer" in tree ? "answer" : "field";
  only(tree, [head, "op", "value"]);
  const field = vocabulary.byCode.get(tree[head]);
  if (!field) throw new NotShown(`there is no field "${tree[head]}"`);
  if (!field.ops.includes(tree.op)) throw new NotShown(`${field.label} does not know "${tree.op}"`);
  checkShape(tree.op, tree.value);
  return { kind: "field", head, code: field.code, op: tree.op, value: tree.value, negated: false };
}

function readActivity(tree) {
  const seen = "seen" in tree;
  only(tree, ["activity", "where", ...(seen ? ["seen", "op", "value"] : ["at_least", "within_days"])]);
  const kinds = [tree.activity].flat();
  if (!kinds.length || kinds.some((kind) => !vocabulary.kinds.has(kind))) throw new NotShown("unknown kind of activity");
  if (seen && !vocabulary.activities.seen_ops.includes(tree.op)) throw new NotShown(`"${tree.op}" is unknown here`);
  if (seen && !["first", "last"].includes(tree.seen)) throw new NotShown('"seen" is neither first nor last');
  if (seen) checkShape(tree.op, tree.value);
  return {
    kind: "activity", kinds, negated: false, where: [tree.where ?? []].flat().map(readMatch),
    mode: seen ? tree.seen : "count", at_least: tree.at_least ?? 1, within_days: tree.within_days ?? null,
    op: tree.op ?? "within_days", value: tree.value ?? 30,
  };
}

function readMatch(tree) {
  if (tree === null || typeof tree !== "object") throw new NotShown('"where" is not a match');
  only(tree, ["path", "op", "value"]);
  if (!vocabulary.activities.payload_ops.includes(tree.op)) throw new NotShown(`"${tree.op}" is unknown here`);
  checkShape(tree.op, tree.value);
  const sample = Array.isArray(tree.value) ? tree.value[0] : tree.value;
  const type = { number: "number", boolean: "boolean" }[typeof sample] ?? "text";
  return { path: tree.path ?? "", op: tree.op, value: tree.value, type };
}

function checkShape(op, value) {
  const takes = vocabulary.ops[op].takes;
  const fits = takes === "nothing" ? value === undefined : (takes === "list" || takes === "range") === Array.isArray(value);
  if (!fits || (value !== null && typeof value === "object" && !Array.isArray(value))) {
    throw new NotShown(`"${op}" has a value that does not fit`);
  }
}

function write(node) {
  const tree = { group: writeGroup, field: writeField, activity: writeActivity }[node.kind](node);
  return node.negated ? { not: tree } : tree;
}

function writeGroup(node) {
  return { [node.join]: node.members.map(write) };
}

function writeField(node) {
  return withValue({ [node.head]: node.code, op: node.op }, node);
}

function withValue(tree, node) {
  return vocabulary.ops[node.op].takes === "nothing" ? tree : { ...tree, value: node.value };
}

function writeActivity(node) {
  const tree = { activity: node.kinds.length === 1 ? node.kinds[0] : node.kinds };
  const where = node.where.map((match) => withValue({ path: match.path, op: match.op }, match));
  if (where.length) tree.where = where.length === 1 ? where[0] : where;
  if (node.mode !== "count") return { ...tree, seen: node.mode, op: node.op, value: node.value };
  if (node.at_least !== 1) tree.at_least = node.at_least;
  if (node.within_days !== null) tree.within_days = node.within_days;
  return tree;
}

// ---- values ----

function standard(takes, type, choices) {
  const one = choices.length ? choices[0].value : { number: null, boolean: true }[type] ?? "";
  return { nothing: undefined, list: [], range: [one, one], days: 30 }[takes] ?? (takes === "nothing" ? undefined : one);
}

// The value when the operator changes: kept while it still has the shape that the new one takes.
function carried(value, before, after) {
  return before.takes === after.takes && before.type === after.type && before.closed === after.closed
    ? value
    : standard(after.takes, after.type, after.choices);
}

function aspect(field, op) {
  const choices = field.choices.length && vocabulary.ops[op].closed ? field.choices : [];
  return { takes: vocabulary.ops[op].takes, type: field.type, choices, closed: choices.length > 0 };
}

function valueControls(shape, label, value, change) {
  const { takes, choices } = shape;
  if (takes === "nothing") return [];
  if (takes === "days") return [whole(`${label}: days`, value, change, vocabulary.limits.days)];
  if (takes === "range") {
    const both = [...value];
    const set = (at) => (part) => {
      both[at] = part;
      change([...both]);
    };
    return [scalar(shape, `${label}: from`, both[0], set(0)), el("span", {}, "and"), scalar(shape, `${label}: to`, both[1], set(1))];
  }
  if (takes === "list") return [choices.length ? checkboxes(choices, value, change) : lines(shape, label, value, change)];
  return [scalar(shape, label, value, change)];
}

function whole(label, value, change, max) {
  const set = (text) => change(text === "" ? null : Number(text));
  return input("number", label, value, set, { min: 1, max, step: 1, required: true });
}

function scalar({ type, choices }, label, value, change) {
  if (choices.length) {
    // An answer that has been taken off the list is still shown, so that nothing changes unseen.
    const known = choices.find((choice) => String(choice.value).toLowerCase() === String(value).toLowerCase());
    const all = known ? choices : [{ value, label: value }, ...choices];
    const options = all.map((choice) => [String(choice.value), choice.label]);
    const pick = (text) => change(all.find((choice) => String(choice.value) === text).value);
    return select(label, options, String(known ? known.value : value), pick);
  }
  if (type === "boolean") {
    return select(label, [["true", "yes"], ["false", "no"]], String(value), (text) => change(text === "true"));
  }
  if (type === "number") {
    const set = (text) => change(text === "" ? null : Number(text));
    return input("number", label, value, set, { step: "any", required: true });
  }
  if (type === "date" || type === "datetime") {
    const isTime = type === "datetime" && /\d[T ]\d/.test(value ?? "");
    return input(isTime ? "text" : "date", label, value, change, { required: true });
  }
  return input("text", label, value, change, {
    required: true, maxlength: vocabulary.limits.text, autocomplete: "off",
  });
}

function checkboxes(choices, value, change) {
  const chosen = new Set(value.map((word) => String(word).toLowerCase()));
  const unknown = value.filter((word) => !choices.some((choice) => String(choice.value).toLowerCase() === String(word).toLowerCase()));
  const all = [...choices, ...unknown.map((word) => ({ value: word, label: word }))];
  const boxes = all.map((choice) =>
    checkbox(choice.label, chosen.has(String(choice.value).toLowerCase()), (on) => {
      const key = String(choice.value).toLowerCase();
      if (on) chosen.add(key);
      else chosen.delete(key);
      change(all.filter((each) => chosen.has(String(each.value).toLowerCase())).map((each) => each.value));
    }),
  );
  return el("span", { class: "condition-checks" }, ...boxes);
}

function lines({ type }, label, value, change) {
  const area = el("textarea", {
    class: "form-control form-control-sm", rows: Math.min(6, Math.max(2, value.length)), required: true,
    "aria-label": `${label}, one a line`, placeholder: "one a line",
  });
  area.value = value.join("\n");
  area.addEventListener("input", () => {
    const words = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    // What is no number is sent as it was typed, so that the server can name its place.
    change(type === "number" ? words.map((word) => (Number.isNaN(Number(word)) ? word : Number(word))) : words);
  });
  return area;
}

// ---- the editor of one text area ----

class Editor {
  constructor(textarea) {
    this.textarea = textarea;
    this.required = textarea.required;
    this.id = `condition-editor-${(serial += 1)}`;
    const named = textarea.labels?.[0]?.textContent.trim().replace(/[:*]\s*$/, "");
    this.body = el("fieldset", { class: "condition-body", "aria-label": named || "Condition" });
    this.toggle = button("Edit as JSON", null, () => this.show(this.body.hidden ? "form" : "text"));
    this.toggle.setAttribute("aria-controls", textarea.id);
    this.note = el("p", { class: "condition-note", role: "status" });
    this.says = el("p", { class: "condition-says", role: "status" });
    this.root = el("div", { class: "condition-editor", id: this.id }, this.body, this.note, this.says, this.toggle);
    textarea.before(this.root);
    textarea.addEventListener("input", () => this.ask(ASK_AFTER));
    // Not before somebody looks at this one: a page may hold twenty.
    this.root.addEventListener("focusin", () => this.ask(0), { once: true });
    textarea.addEventListener("change", () => !this.writing && !this.body.hidden && this.load());
    this.show("form");
  }

  // "form" shows the editor when the text is a condition it knows how to show; "text" the text area.
  show(mode) {
    const shown = mode === "form" && this.load();
    this.body.hidden = !shown;
    this.body.disabled = !shown;
    this.textarea.hidden = shown;
    // A hidden required control would stop the form without a word; an empty condition is told by the server.
    this.textarea.required = this.required && !shown;
    this.toggle.textContent = shown ? "Edit as JSON" : "Edit as a form";
  }

  // Asks the server what the condition says and how many leads meet it, once the typing has stopped for `wait` ms.
  ask(wait) {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.enquire(), wait);
  }

  // One question at a time: the server would go on counting for an answer that nobody waits for any more.
  async enquire() {
    const token = this.textarea.form?.elements.csrfmiddlewaretoken?.value;
    const address = this.textarea.dataset.conditionCheck;
    this.outdated = true;
    if (this.isAsking || !token || !address) return;
    this.isAsking = true;
    while (this.outdated) {
      this.outdated = false;
      let told = {};
      try {
        const body = new URLSearchParams({ condition: this.textarea.value });
        const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token } });
        if (answer.ok) told = await answer.json();
      } catch {
        // Without the network the editor works on, and says nothing.
      }
      if (!this.outdated) this.tell(told);
    }
    this.isAsking = false;
  }

  tell({ says = "", count = "", problem = "" }) {
    const leads = count === "1" ? "1 lead" : `${count} leads`;
    this.says.textContent = problem || (says && (count ? `${leads}: ${says}` : says));
  }

  load() {
    const text = this.textarea.value.trim();
    try {
      const node = text && text !== "null" ? read(JSON.parse(text)) : { kind: "group", join: "all", negated: false, members: [] };
      this.node = node.kind === "group" ? node : { kind: "group", join: "all", negated: false, members: [node] };
    } catch (error) {
      const why = error instanceof NotShown ? error.message : "it is not JSON";
      this.note.textContent = `This text cannot be shown as a form: ${why}.`;
      return false;
    }
    this.note.textContent = "";
    this.body.replaceChildren(this.group(this.node, null));
    return true;
  }

  save() {
    const { members, negated } = this.node;
    let tree = null;
    if (members.length === 1 && !negated) tree = write(members[0]);
    else if (members.length) tree = write(this.node);
    this.writing = true;
    this.textarea.value = tree ? JSON.stringify(tree, null, 2) : "";
    for (const name of ["input", "change"]) this.textarea.dispatchEvent(new Event(name, { bubbles: true }));
    this.writing = false;
  }

  // `change` for a control that alters `node` without altering which controls there are.
  setter(node, key) {
    return (value) => {
      node[key] = value;
      this.save();
    };
  }

  group(node, parent) {
    const members = el("ul", { class: "condition-members" });
    const element = el("div", { class: "condition-group", role: "group", "aria-label": "Group of conditions" });
    const chosen = (node.negated ? "not_" : "") + node.join;
    const join = select("Which of the conditions have to hold", JOINS, chosen, (value) => {
      node.negated = value.startsWith("not_");
      node.join = value.replace("not_", "");
      this.save();
    });
    const add = (make) => () => {
      const member = make();
      node.members.push(member);
      this.save();
      const row = this.row(member, node);
      members.append(row);
      row.querySelector("select, input, button, summary")?.focus();
    };
    const adders = el(
      "div",
      { class: "condition-adders" },
      button("+ Field", "Add a test of a field", add(() => this.freshField())),
      button("+ Activity", "Add a test of activities", add(freshActivity)),
      button("+ Group", "Add a group", add(() => ({ kind: "group", join: "any", negated: false, members: [this.freshField()] }))),
    );
    members.append(...node.members.map((member) => this.row(member, node)));
    element.append(el("div", { class: "condition-head" }, join, parent && this.remover(node, parent)), members, adders);
    return element;
  }

  row(node, parent) {
    const build = { group: this.group, field: this.field, activity: this.activity }[node.kind];
    return el("li", {}, build.call(this, node, parent));
  }

  remover(node, parent) {
    const remove = (event) => {
      const item = event.currentTarget.closest("li");
      const adder = item.parentElement.parentElement.querySelector(":scope > .condition-adders button");
      parent.members.splice(parent.members.indexOf(node), 1);
      item.remove();
      this.save();
      adder.focus();
    };
    return button("×", node.kind === "group" ? "Remove this group" : "Remove this condition", remove);
  }

  freshField() {
    const field = vocabulary.fields.find((each) => each.code === "stage") ?? vocabulary.fields[0];
    const op = field.ops[0];
    const shape = aspect(field, op);
    return { kind: "field", head: "field", code: field.code, op, negated: false, value: standard(shape.takes, shape.type, shape.choices) };
  }

  field(node, parent) {
    const how = slot();
    const what = slot();
    const shape = () => aspect(vocabulary.byCode.get(node.code), node.op);
    const drawValue = () => what.replaceChildren(...valueControls(shape(), "Value", node.value, this.setter(node, "value")));
    const drawOperator = () => {
      const options = vocabulary.byCode.get(node.code).ops.map((op) => [op, vocabulary.ops[op].label]);
      how.replaceChildren(
        select("Operator", options, node.op, (op) => {
          const before = shape();
          node.op = op;
          node.value = carried(node.value, before, shape());
          drawValue();
          this.save();
        }),
      );
      drawValue();
    };
    const offered = vocabulary.fields.filter((each) => each.active || each.code === node.code);
    const which = select("Field", offered.map((each) => [each.code, each.label, each.group]), node.code, (code) => {
      const before = shape();
      const { ops } = vocabulary.byCode.get(code);
      node.code = code;
      node.head = "field";
      if (!ops.includes(node.op)) node.op = ops[0];
      const after = shape();
      node.value = after.closed ? standard(after.takes, after.type, after.choices) : carried(node.value, before, after);
      drawOperator();
      this.save();
    });
    drawOperator();
    const row = el("div", { class: "condition-row", role: "group", "aria-label": "Test of a field" });
    row.append(this.negation(node), which, how, what, this.remover(node, parent));
    return row;
  }

  negation(node) {
    return checkbox("not", node.negated, this.setter(node, "negated"));
  }

  activity(node, parent) {
    const times = slot();
    const when = slot();
    const matches = slot();
    const draw = () => {
      times.replaceChildren(...(node.mode === "count" ? this.times(node) : []));
      when.replaceChildren(...(node.mode === "count" ? this.window(node) : this.moment(node)));
    };
    const modes = [["count", "had at least"], ["first", "the first"], ["last", "the last"]];
    const mode = select("What counts", modes, node.mode, (value) => {
      node.mode = value;
      draw();
      this.save();
    });
    draw();
    matches.append(...node.where.map((match) => this.match(node, match)));
    const adder = button("+ Detail", "Add a test of what the activity says", () => {
      const match = { path: "url", op: "contains", value: "", type: "text" };
      node.where.push(match);
      this.save();
      const row = this.match(node, match);
      matches.append(row);
      row.querySelector("input").focus();
    });
    const row = el("div", { class: "condition-row", role: "group", "aria-label": "Test of activities" });
    row.append(this.negation(node), mode, times, this.kinds(node), when, adder, this.remover(node, parent), matches);
    return row;
  }

  times(node) {
    const { count } = vocabulary.limits;
    return [whole("How many times", node.at_least, this.setter(node, "at_least"), count), el("span", {}, "×")];
  }

  window(node) {
    const set = (text) => this.setter(node, "within_days")(text === "" ? null : Number(text));
    const attributes = { min: 1, max: vocabulary.limits.days, step: 1, placeholder: "any number of" };
    const days = input("number", "Within so many days, empty for ever", node.within_days, set, attributes);
    return [el("span", {}, "in the last"), days, el("span", {}, "days")];
  }

  moment(node) {
    const what = slot();
    const shape = () => ({ takes: vocabulary.ops[node.op].takes, type: "datetime", choices: [], closed: false });
    const draw = () => what.replaceChildren(...valueControls(shape(), "Time", node.value, this.setter(node, "value")));
    const how = select("When", vocabulary.activities.seen_ops.map((op) => [op, vocabulary.ops[op].label]), node.op, (op) => {
      const before = shape();
      node.op = op;
      node.value = carried(node.value, before, shape());
      draw();
      this.save();
    });
    draw();
    return [how, what];
  }

  kinds(node) {
    const summary = el("summary", {});
    const name = () => {
      summary.textContent = node.kinds.map((kind) => vocabulary.kinds.get(kind)).join(" or ") || "choose a kind";
    };
    const boxes = [...vocabulary.kinds].map(([kind, label]) =>
      checkbox(label, node.kinds.includes(kind), (on) => {
        node.kinds = on ? [...node.kinds, kind] : node.kinds.filter((each) => each !== kind);
        name();
        this.save();
      }),
    );
    name();
    return el("details", { class: "condition-kinds" }, summary, el("div", { class: "condition-checks" }, ...boxes));
  }

  match(node, match) {
    const what = slot();
    const shape = () => aspect({ type: match.type, choices: [] }, match.op);
    const change = (key, value) => {
      const before = shape();
      match[key] = value;
      const { compares } = vocabulary.ops[match.op];
      if (compares.length && !compares.includes(match.type)) [match.type] = compares;
      match.value = carried(match.value, before, shape());
      draw();
      this.save();
    };
    const drawValue = () => valueControls(shape(), "Detail value", match.value, this.setter(match, "value"));
    const draw = () => {
      const { compares } = vocabulary.ops[match.op];
      const types = vocabulary.activities.payload_types.filter(({ value }) => compares.includes(value)).map(({ value, label }) => [value, label]);
      const type = types.length > 1 ? [select("Kind of value", types, match.type, (value) => change("type", value))] : [];
      what.replaceChildren(...type, ...drawValue());
    };
    draw();
    const options = vocabulary.activities.payload_ops.map((op) => [op, vocabulary.ops[op].label]);
    const remove = () => {
      const adder = row.closest(".condition-row").querySelector(":scope > .condition-button");
      node.where.splice(node.where.indexOf(match), 1);
      row.remove();
      this.save();
      adder.focus();
    };
    const row = el("div", { class: "condition-match", role: "group", "aria-label": "Detail of the activity" });
    row.append(
      el("span", {}, "where"),
      input("text", "Key", match.path, this.setter(match, "path"), { required: true, maxlength: 50 }),
      select("Detail operator", options, match.op, (op) => change("op", op)),
      what,
      button("×", "Remove this detail", remove),
    );
    return row;
  }
}

function freshActivity() {
  return { kind: "activity", kinds: [vocabulary.activities.kinds[0].value], where: [], mode: "count", at_least: 1, within_days: 30, op: "within_days", value: 30, negated: false };
}

// ---- start ----

function loadVocabulary() {
  const block = document.getElementById("condition-vocabulary");
  if (!block) return false;
  vocabulary = JSON.parse(block.textContent);
  vocabulary.byCode = new Map(vocabulary.fields.map((field) => [field.code, field]));
  vocabulary.kinds = new Map(vocabulary.activities.kinds.map(({ value, label }) => [value, label]));
  return true;
}

function enhance(root) {
  if (!vocabulary && !loadVocabulary()) return;
  for (const textarea of root.querySelectorAll("textarea[data-condition-editor]")) {
    // The empty row of a formset is a mould: its copies are enhanced when they are added.
    if (textarea.name.includes("__prefix__") || textarea.dataset.conditionEditor === "on") continue;
    textarea.dataset.conditionEditor = "on";
    new Editor(textarea);
  }
}

document.addEventListener("formset:added", (event) => enhance(event.target));
document.addEventListener("htmx:load", (event) => enhance(event.target));
enhance(document);

export { read, write };
