import hashlib, json, sys, zipfile  # python3 check.py EXPORT.zip: checks it, names what does not fit, exits with 1 then
def sha(data): return hashlib.sha256(data).digest()
def read(name): return map(json.loads, zipfile.ZipFile(sys.argv[-1]).open(name))
def leaf(name, digest): return sha(b"\0%s:%s" % (name.replace(" ", ":").encode(), digest))
def node(pair): return sha(b"\1" + b"".join(pair)) if len(pair) == 2 else pair[0]
def root(row): return root([node(row[i:i + 2]) for i in range(0, len(row), 2)]) if row[1:] else node(row or [sha(b"")])
def climb(at, place, size, proof):
    pair = [at, *map(bytes.fromhex, proof[:place ^ 1 < size])][::-1 if place % 2 else 1]
    return climb(node(pair), place // 2, (size + 1) // 2, proof[len(pair) - 1:]) if size > 1 else at
def stop(_, error, __): sys.exit("\n".join([*found, f"{name} cannot be read (python3 check.py EXPORT.zip): {error!r}"]))
name, found, seals, rows, wrong, recent, reached, sys.excepthook = sys.argv[-1], [], {}, {}, {}, [], {}, stop
export, last = next(read("export.json")), None
for name, seal in ((f"Seal {each['number']}", each) for each in read("seals.jsonl")):
    at, body = seal["number"], json.loads(seal["body"])
    if sha(seal["body"].encode()).hex() != seal["hash"] or body["number"] != at: found += [f"{name} was changed"]
    if last and (at, body["previous"]) != (last["number"] + 1, last["hash"]): found += [f"Seal {at} does not follow"]
    if body["begins"]: recent, reached = [], {}
    while recent[1:] and recent[0]["next"] <= body["from"]:
        for t in recent.pop(0)["tables"]: reached[t["table"]] = max(t["highest"], reached.get(t["table"], 0))
    seals[at], last, recent = body | {"reached": {**reached}}, seal, [*recent, body]
for row in read("rows.jsonl"):
    name, text, seal = f"{row['table']} {row['row']}", row.get("text", ""), seals.get(row["seal"])
    digest, role = sha(text.encode()), json.loads(text or "{}").get("written_as", export["roles"][0])
    if seal and role not in export["roles"]: found += [f"{name} was inserted: the role {role} is none of the house"]
    if seal and row["row"] <= seal["reached"].get(row["table"], 0): found += [f"{name} was inserted: after its number"]
    if seal is None or export["whole"]: rows[name] = "twice" if name in rows else digest.hex() if text else "withheld"
    elif climb(leaf(name, digest), row["place"], seal["count"], row["proof"]).hex() != seal["root"]: wrong[name] = ""
nodes = {at: [] for at in range(export["first"], export["last"] + 1) if export["whole"]}
for some, row, digest in ((s, *pair) for s in read("leaves.jsonl") for pair in zip(s["rows"], s["digests"])):
    nodes.setdefault(some["seal"], []).append(leaf(name := f"{some['table']} {row}", bytes.fromhex(digest)))
    if rows.pop(name, 0) not in (digest, "withheld"): wrong[name] = digest
found += [f"Seal {n} does not fit its leaves" for n in nodes if root(nodes[n]).hex() != seals.get(n, {}).get("root")]
texts = dict.fromkeys([*wrong, *rows], "")
texts |= {name: row.get("text", "") for row in read("rows.jsonl") if (name := f"{row['table']} {row['row']}") in texts}
for n, text in texts.items():
    own, row = f'"{export["keys"][n.split()[0]]}":%s,', n.split()[1]
    others = {sha(text.replace(own % row, own % w.split()[1]).encode()).hex(): w for w in [*wrong][:1000] if text}
    so = [f"re-ordered: sealed as {others[digest].split()[1]}" for digest in wrong.values() if digest in others]
    found += [f"{n} was {it}" for it in so or ["inserted: unsealed" if n in rows else "changed" if text else "deleted"]]
sys.exit("\n".join(found) or print(f"Everything fits. The last seal is {last['number']} with the hash {last['hash']}"))
