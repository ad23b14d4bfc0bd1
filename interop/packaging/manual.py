"""Manual pages, from what the argument parser says of the commands."""

import time

SEE_ALSO = "Every setting, the metrics and the switch's side are described in /usr/share/doc/bgpvip."
FILES = [
    ("/etc/bgpvip/bgpvip.yaml", "The configuration file of the systemd unit."),
    ("/run/bgpvip/bgpvip.sock", "The control socket."),
]
STATUS = [
    ("0", "All is well."),
    ("1", "The answer is bad: no session is Established, a check fails."),
    ("2", "The command line or the settings are wrong."),
    ("3", "The daemon cannot be reached."),
]


def pages(help_tree, version, epoch):
    """File name and text of one page for each command."""
    date = time.strftime("%Y-%m-%d", time.gmtime(epoch))
    for path, command in walk(help_tree["command"], []):
        yield "-".join(path) + ".1", page(path, command, f'"{date}" "bgpvip {version}" "bgpvip"')


def walk(command, above):
    """Every command with its path, but the parser's own `help`."""
    path = [*above, command["commandName"]]
    yield path, command
    for inner in command.get("subcommands", []):
        if inner["commandName"] != "help":
            yield from walk(inner, path)


def page(path, command, title):
    """One page."""
    own = "-".join(path)
    lines = [f'.TH "{own.upper()}" "1" {title}', ".SH NAME", f"{text(own)} \\- {text(sentence(command))}"]
    lines += [".SH SYNOPSIS", synopsis(path, command), ".SH DESCRIPTION", text(command.get("abstract", ""))]
    for paragraph in command.get("discussion", "").split("\n\n"):
        lines += [".PP", text(" ".join(paragraph.split()))]
    if command.get("aliases"):
        lines += [".PP", "Other names: " + ", ".join(bold(name) for name in command["aliases"]) + "."]
    inner = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
    if inner:
        lines.append(".SH COMMANDS")
        for one in inner:
            lines += [".TP", f"{bold(own + '-' + one['commandName'])}(1)", text(one.get("abstract", ""))]
    lines += options(command)
    if len(path) == 1:
        for heading, entries in (("FILES", FILES), ("EXIT STATUS", STATUS)):
            lines.append(f".SH {heading}")
            for name, meaning in entries:
                lines += [".TP", bold(name), text(meaning)]
    lines.append(".SH SEE ALSO")
    if len(path) > 1:
        lines.append(".BR bgpvip (1)")
    lines += [".PP", text(SEE_ALSO)]
    return "\n".join(line for line in lines if line) + "\n"


def options(command):
    """The arguments, by section of the help."""
    lines, sections = [], {}
    for argument in command.get("arguments", []):
        if argument.get("shouldDisplay", True):
            sections.setdefault(argument.get("sectionTitle") or "Options", []).append(argument)
    for title, arguments in sections.items():
        lines.append(f".SH {text(title).upper()}")
        for argument in arguments:
            lines += [".TP", ", ".join(spelling(argument)), text(argument.get("abstract", ""))]
            if argument.get("defaultValue"):
                lines.append(text(f"Default: {argument['defaultValue']}."))
    return lines


def spelling(argument):
    """How an argument is written."""
    value = f"\\fI{text(argument['valueName'])}\\fR"
    if argument["kind"] == "positional":
        return [value]
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    return [bold(name) + (f" {value}" if argument["kind"] == "option" else "") for name in names]


def synopsis(path, command):
    """The line of the synopsis."""
    parts = [bold(" ".join(path))]
    shown = [one for one in command.get("arguments", []) if one.get("shouldDisplay", True)]
    if any(one["kind"] != "positional" for one in shown):
        parts.append("[\\fIoption\\fR ...]")
    if command.get("subcommands"):
        parts.append("\\fIcommand\\fR")
    for one in shown:
        if one["kind"] == "positional":
            value = f"\\fI{text(one['valueName'])}\\fR"
            parts.append(f"[{value}]" if one["isOptional"] else value)
    return " ".join(parts)


def sentence(command):
    """The abstract as part of a line: without its full stop, and in lower case."""
    abstract = command.get("abstract", "").rstrip(".")
    return abstract[:1].lower() + abstract[1:]


def bold(words):
    """Bold text."""
    return f"\\fB{text(words)}\\fR"


def text(words):
    """Words as roff: no character of them means anything else."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-")
    escaped = "".join(c if ord(c) < 128 else f"\\[u{ord(c):04X}]" for c in escaped)
    return "\\&" + escaped if escaped[:1] in (".", "'") else escaped
