import csv, io, json, re, sys, zipfile  # python3 tables.py EXPORT.zip: names where CSVs do not say what rows say
COLUMNS = {"timeline.csv": ["seal", "incident", "at", "what", "who", "by", "text", "data"],
           "history.csv": ["seal", "table", "number", "at", "who", "change", "reason", "values"]}
CHANGES, name, found = {"+": "made", "~": "changed", "-": "deleted"}, sys.argv[-1], []
def stop(_, error, __):
    sys.exit("\n".join([*found, f"{name} cannot be read (python3 tables.py EXPORT.zip): {error!r}"]))
def values(told): return {c: told[c] for c in told if c[:8] != "history_" and c not in ("written_in", "written_as")}
def who(person): return export["people"].get(str(person), "")
def event(row, told):  # its cells in timeline.csv
    return [row["seal"], f"INC-{told['incident_id']}", told["at"], told["kind"], who(told["actor_id"]), told["via"],
            told["text"], json.dumps(told["data"])]
def change(row, told):  # its cells in history.csv
    return [row["seal"], row["table"], told.get("id"), told.get("history_date", told.get("at", "")),
            who(told.get("history_user_id")), CHANGES.get(told.get("history_type", "+"), ""),
            told.get("history_change_reason") or "", json.dumps(values(told))]
def line(cells):  # as it stands in a CSV: what a spreadsheet would take for a formula comes after an apostrophe
    csv.writer(out := io.StringIO()).writerow(re.sub(r"\A(?='*[=+\-@\t\r])", "'", str(c or "")) for c in cells)
    return out.getvalue().encode()
sys.excepthook = stop
archive = zipfile.ZipFile(sys.argv[-1])
export, tables = json.loads(archive.read("export.json")), {each: archive.open(each) for each in COLUMNS}
for each in COLUMNS:
    if tables[each].read(len(line(COLUMNS[each]))) != line(COLUMNS[each]): found += [f"{each} has other columns"]
for row in map(json.loads, archive.open("rows.jsonl")):
    name, is_event = f"{row['table']} {row['row']}", row["table"] == "incidents_timelineevent"
    table = "timeline.csv" if is_event else "history.csv"
    if "text" in row and table in tables:
        wanted = line((event if is_event else change)(row, json.loads(row["text"])))
        if tables[table].read(len(wanted)) != wanted:
            del tables[table]  # nothing below can be compared
            found += [f"{table} is not what was recorded, from the line of {name} on"]
found += [f"{each} has lines of no row, at its end" for each in tables if tables[each].read(1)]
sys.exit("\n".join(found) or print("The CSVs say what the rows say."))
