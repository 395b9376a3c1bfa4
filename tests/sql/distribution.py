"""Rules for SQL that would be slow, wrong or refused on many machines.

Statements are read as words in brackets, without comments and line breaks, in lower case: enough of
a tree for these rules. sqlfluff's takes twelve seconds, and gives up at a setting with a dot.
"""

import re

PER_USER = (
    "deposits",
    "signing_accounts",
    "user_policies",
    "wallet_audit_heads",
    "wallet_audit_log",
    "wallet_policies",
    "wallet_spends",
    "wallets",
)
"""The tables that are distributed by fid."""

_TOKEN = re.compile(
    r"""
    \s+ | --[^\n]* | /\*(?:/\*.*?\*/|.)*?\*/
    | (?P<tag>\$\w*\$)(?P<body>.*?)(?P=tag)
    | (?P<string>e'(?:''|\\.|[^'\\])*'|'(?:''|[^'])*')
    | "(?P<name>[^"]+)"
    | (?P<word>%\(\w+\)s|\d[\d.]*|\w+|::|\S)
    """,
    re.VERBOSE | re.DOTALL,
)


def words(text):
    """Give each word and sign; of a string only what may be a name."""
    for found in _TOKEN.finditer(text.lower()):
        if found["tag"]:
            # What a function is made of are statements, for these rules.
            yield from (";", *words(found["body"]), ";")
        elif found["string"]:
            name = found["string"].replace('"', "")
            yield name if re.fullmatch(r"'[\w.]+'", name) else "''"
        elif found["name"]:
            yield re.sub(r"\W", "_", found["name"])
        elif found["word"]:
            yield found["word"]


def parse(text):
    """Return each statement as a list of its words, in which each bracket is a list in turn."""
    statements, around = [], [[]]
    for word in (*words(text), ";"):
        if word == ";":
            statements.append(around[0])
            around = [[]]
        elif word in ("(", "["):
            around.append([])
            around[-2].append(around[-1])
        elif word in (")", "]"):
            around.pop()
        else:
            around[-1].append(word)
    return [statement for statement in statements if statement]


def parts(statement):
    """Give a statement, and all that is in brackets in it."""
    yield statement
    for inner in statement:
        if isinstance(inner, list):
            yield from parts(inner)


def _is_query(part):
    return part[:1] in (["select"], ["table"], ["values"], ["with"])


def line(part):
    """Write a part without what is in its brackets: that is a part of its own."""
    return " ".join(
        word if isinstance(word, str) else "(query)" if _is_query(word) else "()" for word in part
    )


def _whole(part):
    return " ".join(word if isinstance(word, str) else f"( {_whole(word)} )" for word in part)


def _matching(pattern):
    return lambda statement: [
        line(part) for part in parts(statement) if re.search(pattern, line(part))
    ]


def _writing_ctes(statement):
    writes = r"(with .*\) )?(insert|update|delete|merge) "
    return [line(part) for part in list(parts(statement))[1:] if re.match(writes, line(part))]


def _locks_of_many(statement):
    lock = r"\bfor (?:no key update|update|share|key share)\b"
    of_one = rf" from (\w+)(?: as \w+)? where (.*) {lock}"
    by_fid = r"(?:^|and )(?:\w+ \. )?fid = %\(fid\)s :: bigint(?= and | order by | limit |$)"
    for locking in _matching(lock)(statement):
        ((table, condition),) = re.findall(of_one, locking) or [("", "")]
        # Each machine has a copy of this table.
        if table != "active_encryption_keys" and (
            " or " in condition or not re.search(by_fid, condition)
        ):
            yield locking


def _updates_of_more_than_was_excluded(statement):
    column = r"\w+ = excluded \. \w+"
    # Of functions only immutable ones would do: none is easier to see.
    condition = r"(?:(?!\bcurrent_|\blocaltime|\().)*"
    good = rf"set {column}(?: , {column})*(?: where {condition})?(?: returning .*)?"
    for part in parts(statement):
        for action in re.findall(r"\bdo update (.*)", line(part)):
            if not re.fullmatch(good, action):
                yield action


def _queries_in_values(statement):
    for part in parts(statement):
        if "values" in part:
            given = part[part.index("values") :]
            yield from (line(inner) for inner in list(parts(given))[1:] if _is_query(inner))


def _inserts_of_no_table(statement):
    """Find inserts that Citus would run nowhere if the table is copied to each machine."""
    for part in parts(statement):
        is_query = part[:2] == ["insert", "into"] and "select" in part
        if is_query and "from" not in part[part.index("select") :]:
            yield line(part)


def _changed_fids(statement):
    for part in parts(statement):
        for before, column, sign in zip(part, part[1:], part[2:], strict=False):
            names = column if isinstance(column, list) else [column]
            if "set" in part and before in ("set", ",") and "fid" in names and sign == "=":
                yield line(part)


def _inserts_without_names(statement):
    insert = r"\binsert into (?:\w+ \. )*\w+( as \w+)?( \(\))?(?: overriding \w+ value)? (\S+)"
    for part in parts(statement):
        for target, columns, source in re.findall(insert, line(part)):
            if not columns or not (target or source == "values"):
                yield line(part)


def _schemas(statement):
    text = re.sub(r"^(begin )?set (local |session )?\w+ \. ", "", _whole(statement))
    name = r"[^\W\d]\w*"
    # A table or its alias stands somewhere without a dot behind it. PUBLIC is a role, too.
    known = {*re.findall(rf"(?<!\. )(?<![.'])\b({name})\b(?! \.)", text), "excluded", "old", "new"}
    known -= {"public"}
    text = re.sub(rf" owned by {name} \. {name}(?! \.)", "", text)
    yield from (
        "".join(found)
        for found in re.findall(rf"(?<!\. )\b({name}) ( ?\. {name})((?: [.(])?)", text)
        if found[0] not in known or found[2]
    )
    for part in parts(statement):
        # Aliases may have any name. In extract(… from …) there is no table.
        if part is statement or _is_query(part):
            table = rf"(?<!distinct )\b(?:from|join|into) ({name} \. {name})"
            yield from re.findall(table, line(part))
    yield from re.findall(r"\w*(?:val|to_reg\w+|privilege) \( '\w+\.\w+|'\w+\.\w+' :: reg", text)


def _whole_tables_joined(statement):
    """Find joins for which Citus would send all rows of a per-user table to the list."""
    return re.findall(rf"\bunnest \(.*\bleft join (?:{'|'.join(PER_USER)})\b", _whole(statement))


UNNAMED = "an insert that does not name its columns, or the target of its select"


def _local_lock_timeouts(statement):
    return [line(part) for part in parts(statement) if line(part).startswith("'lock_timeout' , ")]


IN_A_STRING = "SQL in a string, where no rule sees it"
EARLY_TRIGGER = "a trigger without the setting that Citus wants"
# Each gives what breaks it in a statement.
RULES = {
    "a data-modifying CTE": _writing_ctes,
    "a lock without fid": _locks_of_many,
    "an update on conflict that is not of what was excluded": _updates_of_more_than_was_excluded,
    "a subquery in values": _queries_in_values,
    "an insert of a select from no table": _inserts_of_no_table,
    "a fid that changes": _changed_fids,
    UNNAMED: _inserts_without_names,
    "a table by its schema": _schemas,
    "a whole table joined to a list": _whole_tables_joined,
    "an identity column": _matching(r"\bas identity\b|\b(small|big)?serial[248]?\b"),
    "a lock on a whole table": _matching(r"(^|^begin )lock |\block table\b"),
    "a merge": _matching(r"\bmerge into\b"),
    "an advisory lock": _matching("advisory"),
    "an isolation level": _matching("isolation|serializable"),
    "a lock timeout that does not reach the machines": _local_lock_timeouts,
    IN_A_STRING: _matching(r"\bexecute(?! function| procedure| on )|\b(as|do) '|^do\b.*'"),
}


def _early_triggers(statements):
    wanted = r"set (local )?citus \. enable_unsafe_triggers (=|to) (on|true)"
    is_set = False
    for statement in map(line, statements):
        if "citus . enable_unsafe_triggers" in statement:
            is_set = bool(re.fullmatch(wanted, statement))
        elif re.search(r"\bcreate (or replace )?(constraint )?trigger\b", statement) and not is_set:
            yield statement


def faults_of(text):
    """Return what in a query or a migration breaks which rule; nothing, if it obeys them all."""
    statements = parse(text)
    found = {
        rule: [fault for statement in statements for fault in broken_by(statement)]
        for rule, broken_by in RULES.items()
    }
    found[EARLY_TRIGGER] = list(_early_triggers(statements))
    return {rule: faults for rule, faults in found.items() if faults}


_DO = re.compile(r"\bdo \$\$\s*begin\b(.*?)\bend\s*\$\$;", re.DOTALL)
_DDL = (
    r"(?:begin )?(?:alter table(?: if exists)?(?: only)?"
    r"|(?:create|drop) (?:unique )?index(?! concurrently)\b.*? on"
    r"|(?:create|alter|drop)(?: or replace)?(?: constraint)? trigger\b.*? on) (\w+)"
)
_FIRST = (
    "set local citus . multi_shard_modify_mode = 'sequential'",
    "set local citus . propagate_set_commands = 'local'",
    "set local lock_timeout = ",
)
TOP_LEVEL = "a change of a distributed table outside of DO"
REFUSED = "an ALTER TABLE that Citus refuses"
UNBOUNDED = "a change of shards side by side, or without a limit for locks"
LOCAL = "a table of users that stays on one machine"


# How the migration of a new table distributes it, which only PL/pgSQL can say.
_IF_DISTRIBUTED = re.compile(
    r"if to_regclass\('pg_dist_partition'\) is not null then\s+"
    r"if exists \(select from pg_dist_partition where [^;]+?\) then\s+"
    r"(?:perform create_\w+_table\([^;]*?\);\s+)+end if;\s+end if;"
)


def without_do(text):
    """Return a migration in which what its DO blocks hold are statements of the file."""
    return _IF_DISTRIBUTED.sub("", _DO.sub(r"\1", text.partition("-- migrate:down")[0]))


def _changed(statements, made):
    """Give each statement that changes a table which the migration did not make, as a line."""
    for statement in map(line, statements):
        found = re.match(_DDL, statement) or re.match(
            r"(?:begin )?(alter|drop) index (?!conc)", statement
        )
        if found and found[1] not in made:
            yield statement


def _is_refused(statement):
    constraint = r"\badd (?:constraint|check|foreign|unique|primary|exclude)\b"
    column = r"\badd (?:column )?(?:if not exists )?\w+ "
    with_its_rule = rf"(?!{constraint}){column}[^,]*\b(?:default nextval|check|unique|primary)\b"
    return (re.search(r" , ", statement) and re.search(constraint, statement)) or re.search(
        rf"\brename constraint\b|\bset statistics\b|{with_its_rule}", statement
    )


def _changed_sequences(statements):
    """Give each statement that changes a sequence which the migration did not make."""
    lines = [line(statement) for statement in statements]
    made = {one.split()[2] for one in lines if one.startswith("create sequence ")}
    for statement in lines:
        found = re.match(r"(?:begin )?alter sequence (?:if exists )?(\w+)", statement)
        if found and found[1] not in made:
            yield statement


def faults_when_distributed(text):
    """Return what in a migration Citus would refuse, or leave on one machine.

    dbmate sends a file as one query, and Citus sends the text of a statement on, which is the whole
    file. In a DO block it is the statement. A file of one statement is sent as it is.
    """
    up = text.partition("-- migrate:down")[0]
    create = r"create (?:unlogged )?table (?:if not exists )?(\w+) "
    made = {found[1] for one in parse(up) if (found := re.match(create, line(one)))}
    outside = parse(_DO.sub("", up))
    inside = [parse(body) for body in _DO.findall(up)]
    every = [statement for block in (outside, *inside) for statement in block]
    found = {
        TOP_LEVEL: list(_changed(outside, made)) if len(parse(up)) > 1 else [],
        REFUSED: [
            *(one for one in _changed(every, made) if _is_refused(one)),
            *_changed_sequences(every),
        ],
        UNBOUNDED: [
            one
            for block in inside
            for one in _changed(block, made)
            if not all(
                line(first).startswith(limit) for first, limit in zip(block, _FIRST, strict=False)
            )
        ],
        LOCAL: [
            name
            for name in sorted(made)
            if any(
                (found := re.match(create, line(one)))
                and found[1] == name
                and re.search(r"\( (.* )?fid ", _whole(one))
                for one in every
            )
            and f"create_distributed_table ( '{name}' , 'fid' , colocate_with = > 'wallets' )"
            not in " ".join(_whole(one) for one in every)
        ],
    }
    return {rule: faults for rule, faults in found.items() if faults}
