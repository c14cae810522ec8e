#!/usr/bin/env python3
"""Holds what is in a store, and in a simulated Graph, against what callers were told.

It shares no code with what it judges: it reads the blobs over HTTP, the rules from the clinic's own file, and what was
asked and answered from a file with a line of JSON per request:

    {"function": "book", "request": {...}, "answers": [{...}, ...]}

It prints what it counted, and a line for each rule that was broken; it ends with 0 if none was. Only the standard
library of Python 3.11 is needed.
"""

import argparse
import http.client
import json
import sys
import tomllib
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone

STANDING = ("booked", "moved")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", required=True, help="the URL of the container, with its signature")
    arguments.add_argument("--rules", required=True, help="the clinic's scheduling.toml")
    arguments.add_argument("--told", required=True, help="what was asked and answered, a line of JSON each")
    arguments.add_argument("--graph", help="the URL of a simulated Graph, where appointments are in one")
    arguments.add_argument("--keep", help="a file to keep what was read in, if a rule was broken")
    arguments = arguments.parse_args()

    with open(arguments.rules, "rb") as file:
        services = {service["id"]: service for service in tomllib.load(file)["service"]}
    with open(arguments.told, encoding="utf-8") as file:
        told = [json.loads(line) for line in file]
    documents = dict(read_all(arguments.store))
    judge = Judge(services, documents, told)
    judge.everything_is_settled()
    judge.nothing_is_double_or_half()
    judge.days_hold_what_stands(is_the_calendar=arguments.graph is None)
    judge.what_was_told_is_true()
    judge.repeats_are_answered_alike()
    if arguments.graph:
        judge.graph_agrees(arguments.graph)
    judge.print()
    if judge.broken and arguments.keep:
        with open(arguments.keep, "w", encoding="utf-8") as file:
            json.dump({name: text.decode() for name, text in documents.items()}, file, indent=1)
    sys.exit(1 if judge.broken else 0)


def read_all(container):
    """Every blob, by its name."""
    url = urllib.parse.urlsplit(container)
    connection = http.client.HTTPConnection(url.netloc, timeout=30)

    def get(path, query=""):
        connection.request("GET", f"{path}?{query}{url.query}")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:200]}")
        return body

    marker = ""
    while True:
        query = f"restype=container&comp=list&marker={urllib.parse.quote(marker, safe='')}&"
        page = ElementTree.fromstring(get(url.path, query).decode("utf-8-sig"))
        for name in page.iterfind("./Blobs/Blob/Name"):
            yield name.text, get(f"{url.path}/{urllib.parse.quote(name.text)}")
        marker = page.findtext("NextMarker") or ""
        if not marker:
            return


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


class Judge:
    def __init__(self, services, documents, told):
        self.services, self.told = services, told
        self.names = documents.keys()
        self.bookings = {
            name.removeprefix("booking/"): json.loads(document)
            for name, document in documents.items()
            if name.startswith("booking/")
        }
        self.days = {name: json.loads(document) for name, document in documents.items() if name.startswith("day/")}
        self.broken, self.counts = [], Counter()

    def demand(self, holds, rule):
        if not holds:
            self.broken.append(rule)

    def print(self):
        for what, count in sorted(self.counts.items()):
            print(f"{what}: {count}")
        for rule in self.broken[:50]:
            print(f"BROKEN: {rule}")
        print(f"{len(self.broken)} rules broken")

    def standing(self):
        for code, booking in self.bookings.items():
            if booking["state"] == "confirmed":
                for dose in booking["doses"]:
                    if dose["status"] in STANDING:
                        yield code, booking, dose

    def everything_is_settled(self):
        for code, booking in self.bookings.items():
            self.counts[f"bookings {booking['state']}"] += 1
            over = booking["state"] in ("confirmed", "undone", "cancelled") and not booking.get("operation")
            self.demand(over, f"{code} is unfinished: {booking['state']} {booking.get('operation')}")
        markers = [name for name in self.names if name.startswith("pending/") and "purged" not in name]
        self.demand(not markers, f"markers are left: {markers[:5]}")

    def nothing_is_double_or_half(self):
        seats = defaultdict(list)
        for code, booking, dose in self.standing():
            self.counts["appointments standing"] += 1
            place, service = dose["place"], booking["service"]
            start = instant(place["time"][0])
            self.demand(start == instant(dose["time"][0]), f"{code} stands elsewhere than it says")
            seats[booking["location"], place["practitioner"]].append((start, service, code))
        for who, places in seats.items():
            taken = Counter((start, service) for start, service, _ in places)
            busy = []
            for (start, service), count in taken.items():
                rules = self.services[service]
                capacity = rules.get("capacity", 1)
                self.demand(count <= capacity, f"{who} has {count} of {capacity} at {start} for {service}")
                before = timedelta(minutes=rules.get("buffer_before_minutes", 0))
                after = timedelta(minutes=rules["duration_minutes"] + rules.get("buffer_after_minutes", 0))
                busy.append((start - before, start + after))
                self.counts["places taken"] += 1
            busy.sort()
            for (_, until), (start, _) in zip(busy, busy[1:]):
                self.demand(until <= start, f"{who} is with two at {start}")
        for code, booking in self.bookings.items():
            series = self.services[booking["service"]].get("series") if booking["service"] in self.services else None
            if booking["state"] != "confirmed":
                continue
            doses = series["doses"] if series else 1
            starts = [instant(dose["time"][0]) for dose in booking["doses"] if dose["status"] in STANDING]
            self.demand(len(starts) == doses, f"{code} has {len(starts)} of {doses} doses")
            for one, other in zip(starts, starts[1:]):
                days = (other.date() - one.date()).days
                self.demand(series["min_days"] <= days <= series["max_days"], f"{code} has doses {days} days apart")

    def days_hold_what_stands(self, is_the_calendar):
        standing = {
            (code, dose["dose"], dose["place"]["practitioner"], instant(dose["place"]["time"][0]))
            for code, _, dose in self.standing()
        }
        held = set()
        for name, day in self.days.items():
            for entry in day["entries"]:
                start = datetime.fromtimestamp(entry["t"] / 1000, timezone.utc)
                place = (entry["c"], entry["d"], entry["p"], start)
                self.demand(place in standing, f"{name} holds a place for nothing that stands: {place}")
                held.add(place)
        if is_the_calendar:
            self.demand(standing <= held, f"places are not held: {list(standing - held)[:5]}")

    def what_was_told_is_true(self):
        booked, last = {}, {}
        for asked in self.told:
            request = asked["request"]
            outcomes = [answer.get("outcome") for answer in asked["answers"]]
            self.counts[f"{asked['function']} requests"] += len(asked["answers"])
            for outcome in outcomes:
                self.counts[f"{asked['function']} {outcome or 'fault'}"] += 1
            if asked["function"] == "book":
                for answer in asked["answers"]:
                    if answer.get("outcome") == "booked":
                        code = answer["confirmationCode"].replace("-", "")
                        booked[code] = [instant(appointment["start"]) for appointment in answer["appointments"]]
                        doses = self.services[answer["appointments"][0]["serviceId"]].get("series", {}).get("doses", 1)
                        self.demand(len(booked[code]) == doses, f"{code} was told with {len(booked[code])} doses")
            else:
                last.setdefault(request["confirmationCode"].replace("-", ""), []).append(asked)
        for code, starts in booked.items():
            booking = self.bookings.get(code)
            if booking is None:
                self.broken.append(f"{code} was told as booked and is not there")
                continue
            state = "confirmed"
            for asked in last.get(code, []):
                final = asked["answers"][-1]
                if final.get("outcome") == "rescheduled":
                    starts = [instant(appointment["start"]) for appointment in final["appointments"]]
                if final.get("outcome") in ("cancelled", "alreadyCancelled"):
                    state = "cancelled"
            self.demand(booking["state"] == state, f"{code} was told as {state} and is {booking['state']}")
            if booking["state"] == "confirmed" == state:
                there = [instant(dose["time"][0]) for dose in booking["doses"]]
                self.demand(there == starts, f"{code} was told for {starts} and is for {there}")
        for code, booking in self.bookings.items():
            if booking["state"] == "confirmed":
                self.demand(code in booked, f"{code} is confirmed and nobody was told")

    def repeats_are_answered_alike(self):
        for asked in self.told:
            ends = set()
            answers = [answer for answer in asked["answers"] if answer.get("outcome") not in (None, "inProgress")]
            for answer in answers:
                times = tuple(appointment["start"] for appointment in answer.get("appointments") or [])
                ends.add((answer["outcome"], answer.get("confirmationCode"), times))
            self.counts["requests answered more than once"] += len(answers) > 1
            self.demand(len(ends) <= 1, f"{asked['request']['requestId']} was answered in different ways: {ends}")
            self.demand(ends, f"{asked['request']['requestId']} was never answered: {asked['answers']}")

    def graph_agrees(self, graph):
        """The vendor's calendar has what the ledger says, and nothing of ours besides."""
        with urllib.request.urlopen(f"{graph}/control/state") as answer:
            state = json.load(answer)
        self.demand(not state["violations"], f"Graph was sent what it does not take: {state['violations'][:3]}")
        shown = set()
        for business in state["businesses"]:
            busy = defaultdict(list)
            for appointment in business["appointments"]:
                self.counts["appointments in Graph"] += 1
                start, end = (appointment[key]["dateTime"] for key in ("startDateTime", "endDateTime"))
                service = self.services[appointment["serviceId"]]
                customers = len(appointment["customers"])
                self.counts["customers in Graph"] += customers
                capacity = service.get("capacity", 1)
                self.demand(customers <= capacity, f"{customers} of {capacity} in Graph at {start}")
                after = timedelta(minutes=service.get("buffer_after_minutes", 0))
                for staff in appointment["staffMemberIds"]:
                    busy[staff].append((minute(start), minute(end) + after))
                for line in (appointment.get("serviceNotes") or "").splitlines():
                    if line.startswith("Chatbot booking "):
                        parts = line.removeprefix("Chatbot booking ").split(" ", 1)
                        shown.add(f"{appointment['id']}#{parts[1]}" if len(parts) > 1 else appointment["id"])
            for staff, times in busy.items():
                times.sort()
                for (_, until), (start, _) in zip(times, times[1:]):
                    self.demand(until <= start, f"{staff} is with two in Graph at {start}")
        believed = {dose.get("handle") for _, _, dose in self.standing()}
        self.demand(shown == believed, f"Graph and the ledger differ: {list(shown ^ believed)[:5]}")


def minute(text):
    return datetime.fromisoformat(text[:16])


if __name__ == "__main__":
    main()
