"""Files as other countries and tools write them: read as what they are, or refused with a way on."""

import json
import re
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from seqcompare.data.read import read_new
from seqcompare.datasets import DataError, read
from seqcompare.experiments.compare import with_joint_symbols

RANDOM = np.random.default_rng(5)
NUMBERS = [f"{number:.2f}" for number in np.random.default_rng(0).normal(size=5000)]


def number():
    """Return a number with a fraction, another one each time."""
    return NUMBERS[RANDOM.integers(len(NUMBERS))]


def lines(*parts):
    return "\n".join(line for part in parts for line in ([part] if isinstance(part, str) else part)) + "\n"


def clock(minute):
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def names(cells, n):
    return [str(cell) for cell in RANDOM.choice(list(cells), n)]


def wide(head, key, cells, n=10):
    return lines(head, (f"{key}{i}," + ",".join(cells() for _ in range(head.count(","))) for i in range(n)))


STATES = ("ok", "in bed", "up")
DAYS = [date(2022, 1, 1) + timedelta(days=k) for k in range(60)]

# name of the file: its text, sequences, shortest and longest, role, channels, and a part of what is said
FILES = {
    "midnight.csv": (
        lines("id,time,v", (f"n{i},{clock(1430 + 2 * k)},{number()}" for i in range(8) for k in range(12))),
        8, (12, 12), "next", {"v": "real"}, "'time' passes midnight",
    ),
    "title.csv": (
        lines('"Data Source","Indicators",', "", '"Updated","2023",', "", '"Country","Code",'
              + ",".join(map(str, range(1960, 1980))) + ",", (f'"c{i}","{i}x",' + ",".join(
                  number() for _ in range(20)) + "," for i in range(7))),
        7, (20, 20), "next", {"value": "real"}, "2 line(s) above the table are left out",
    ),
    "units.csv": (
        lines("time,force,angle", "s,N,deg", (f"{k / 100:.2f},{number()},{number()}" for k in range(30))),
        1, (30, 30), "next", {"force": "real", "angle": "real"}, "1 line(s) of units or explanations",
    ),
    "explained.csv": (
        lines("Who,Q1,Q2,Q3", "Person,How on day 1?,How on day 2?,How on day 3?", "{a},{b},{c},{d}",
              (f"R_{i}," + ",".join(names(range(1, 6), 3)) for i in range(12))),
        12, (3, 3), "next", {"value": "symbols"}, "2 line(s) of units or explanations",
    ),
    "paces.csv": (
        lines("Lap,Pace,HR", (f"{k + 1},{3 + k * 7 % 4}:{10 + k * 13 % 40},{140 + k * 7 % 31}"
                              for k in range(20))),
        1, (20, 20), "next", {"Pace": "real", "HR": "count"}, "'Pace' are read as durations",
    ),
    "session.csv": (
        lines("Subject,Session,Trial,Answer", (f"{i},1,{k},{'lr'[(i + k * k) % 2]}"
                                               for i in range(6) for k in range(9))),
        6, (9, 9), "next", {"Answer": "symbols"}, "'Subject' is taken for the sequence",
    ),
    "panel.csv": (
        lines("LOCATION,SUBJECT,TIME,Value,Flags", (f"{c},TOT,{y},{number()}," for c in ("AUS", "AUT", "BEL")
                                                    for y in range(1990, 2010))),
        3, (20, 20), "next", {"Value": "real"}, "'Flags' is no channel: it is empty",
    ),
    "visits.csv": (
        lines("record_id,event,instrument,crp", (f"{i + 1},visit_{k}_arm_1,,{number()}"
                                                 for i in range(9) for k in range(5))),
        9, (5, 5), "next", {"crp": "real"}, "it names the steps, in every sequence alike",
    ),
    "days_across.csv": (
        lines("Place,Lat," + ",".join(f"{d.month}/{d.day}/{d:%y}" for d in DAYS),
              (f"p{i},{number()}," + ",".join(map(str, range(i, i + 60))) for i in range(8))),
        8, (60, 60), "next", {"value": "count"}, "'1/1/22' to '3/1/22' are a series",
    ),
    "ordinals.csv": (
        wide("student,1st,2nd,3rd,4th,5th", "s", lambda: names("ABC", 1)[0]),
        10, (5, 5), "next", {"value": "symbols"}, "'1st' to '5th' are a series",
    ),
    "years.csv": (
        wide("country,2001,1999,2000,2002", "c", number, 8),
        8, (4, 4), "next", {"value": "real"}, "'1999' to '2002' are a series",
    ),
    "months_fr.csv": (
        lines("no;janv. 2020;févr. 2020;mars 2020;avr. 2020", (f"{i:02d};" + ";".join(
            number().replace(".", ",") for _ in range(4)) for i in range(1, 9))),
        8, (4, 4), "next", {"value": "real"}, "'janv. 2020' to 'avr. 2020' are a series",
    ),
    "channels_across.csv": (
        lines("pid,class," + ",".join(f"{v}_{k}" for k in range(1, 6) for v in ("acc", "gyr")),
              (f"p{i},{'ab'[i % 2]}," + ",".join(number() for _ in range(10)) for i in range(12))),
        12, (5, 5), "sequence", {"acc": "real", "gyr": "real"}, "'acc', 'gyr' are channels of 5 steps",
    ),
    "mixed_across.csv": (
        lines("ID," + ",".join(f"T{k}_{v}" for v in ("sbp", "mood") for k in range(1, 5)),
              (f"{i}," + ",".join([number() for _ in range(4)] + names(["low", "high"], 4))
               for i in range(12))),
        12, (4, 4), "next", {"T#_sbp": "real", "T#_mood": "symbols"}, "are channels of 4 steps",
    ),
    "millions.csv": (
        wide("company,Q1 2019,Q2 2019,Q3 2019,Q4 2019", "co", lambda: f"${abs(float(number()))}M"),
        10, (4, 4), "next", {"value": "real"}, "with letters for thousands and millions",
    ),
    "minus_behind.csv": (
        lines("Buchung;Betrag", (f"{d:02d}.01.2020;{d % 9 + 1}.{100 + 7 * d},{10 + d}{'-' * (d % 2)}"
                                 for d in range(1, 29))),
        1, (28, 28), "next", {"Betrag": "real"}, "with points between thousands",
    ),
    "japan.csv": (
        lines("日付,売上", (f"{d.year}年{d.month}月{d.day}日,{number()}" for d in DAYS)),
        1, (60, 60), "next", {"売上": "real"}, "'日付' is taken for the order",
    ),
    "poland.csv": (
        lines("data,wartość", (f"{d} {m} 2021,{number()}" for m in ("stycznia", "lutego", "marca")
                               for d in (1, 10, 20))),
        1, (9, 9), "next", {"wartość": "real"}, "dates with names of months",
    ),
    "one_day.csv": (
        lines("Id,Time,Value", (f"{i},4/12/2016 7:{20 + k} AM,{number()}" for i in range(4)
                                for k in range(9))),
        4, (9, 9), "next", {"Value": "real"}, "which makes no difference",
    ),
    "calendar.csv": (
        lines("year,month,day,temp", (f"{d.year},{d.month},{d.day},{number()}" for d in DAYS)),
        1, (60, 60), "next", {"temp": "real"}, "'year', 'month', 'day' are read as one of dates",
    ),
    "weeks.csv": (
        lines("Year,Week,rate", (f"{y},{w},{number()}" for y in (2018, 2019) for w in range(1, 53))),
        1, (104, 104), "next", {"rate": "real"}, "read as ISO weeks",
    ),
    "datenum.csv": (
        lines("datenum,x", (f"{736330 + k / 24:.6f},{number()}" for k in range(40))),
        1, (40, 40), "next", {"x": "real"}, "'datenum' is no channel: it counts the steps",
    ),
    "once.csv": (
        lines("customer,month,spend,label", (f"C{i},2020-{m:02d},{number()},{'yn'[i % 2] if m == 6 else ''}"
                                             for i in range(12) for m in range(1, 7))),
        12, (6, 6), "sequence", {"spend": "real"}, "has one value a sequence, written on some",
    ),
    "first_row.csv": (
        lines("Sentence #,Word,Tag", (f"{f'Sentence: {i}' if k == 0 else ''},{w},{t}" for i in range(9)
              for k, (w, t) in enumerate((("Rome", "B"), ("is", "O"), (names(["big", "old"], 1)[0], "O"))))),
        9, (3, 3), "step", {"Word": "symbols"}, "names each sequence on its first row",
    ),
    "ratings.csv": (
        lines("userId,movieId,timestamp", (f"{i},{m},{964980000 + 37 * (k * 7 % 11) + i}" for i in range(9)
                                           for k, m in enumerate(names(range(1, 99), 11)))),
        9, (11, 11), "next", {"movieId": "symbols"}, "by its name codes",
    ),
    "label_last.csv": (
        lines(",".join([*(number() for _ in range(20)), f"{i % 2}.0"]) for i in range(20)),
        20, (20, 20), "sequence", {"value": "real"}, "the last column holds few whole numbers",
    ),
    "sites.txt": (
        lines(f"{''.join(names('ACGT', 20))}\t{('pos', 'neg')[i % 2]}" for i in range(20)),
        20, (20, 20), "sequence", {"value": "symbols"}, "the first line holds values",
    ),
    "printed.txt": (
        lines("    id t     v", (f"{9 * i + k:<3d} {i:2d} {k} {number():>6}" for i in range(6)
                                 for k in range(6))),
        6, (6, 6), "next", {"v": "real"}, "they begin with row names",
    ),
    "ragged.txt": (
        lines(" ".join(number() for _ in range(5 + i % 3)) for i in range(20)),
        20, (5, 7), "next", {"0": "real"}, "each is read as a sequence",
    ),
    "patterns.txt": (
        lines(" -1 ".join(names(range(1, 9), 3 + i % 3)) + " -1 -2" for i in range(20)),
        20, (3, 5), "next", {"0": "symbols"}, "as SPMF has it",
    ),
    "features.txt": (
        lines("\t".join([names("BIO", 1)[0], f"w={w}", f"pos={w}x"]) if w else "" for _ in range(9)
              for w in [*names("abc", 4), ""]),
        9, (4, 4), "step", {"w": "symbols", "pos": "symbols"}, "as CRFsuite has them",
    ),
    "reads.fastq": (
        lines(f"@r{i}\n{''.join(names('ACGT', 20))}\n+\n{'I' * 20}" for i in range(5)),
        5, (20, 20), "next", {"0": "symbols"}, "qualities of FASTQ left out",
    ),
    "bought.jsonl": (
        lines(json.dumps({"session": f"s{i}", "events": names(["home", "cart"], 5), "bought": i % 2})
              for i in range(20)),
        20, (5, 5), "sequence", {"0": "symbols"}, "the targets in 'bought'",
    ),
    "nested.jsonl": (
        lines(json.dumps({"session": f"s{i}", "events": [{"type": w, "ts": k} for k, w in enumerate(
            names(["home", "cart"], 5))]}) for i in range(9)),
        9, (5, 5), "next", {"type": "symbols"}, "each object in 'events' is a step",
    ),
    "records.json": (
        json.dumps([{"id": i, "t": k, "v": float(number())} for i in range(8) for k in range(9)], indent=1),
        8, (9, 9), "next", {"v": "real"}, "'t' is taken for the order",
    ),
    "sparse.arff": (
        "@relation s\n@attribute a real\n@attribute b real\n@attribute k {x,y}\n@data\n"
        "{0 1.5, 2 y}\n{1 2}\n{0 1,1 3, 2 y}\n{1 1}\n",
        4, (2, 2), "sequence", {"value": "real"}, "the last attribute is the class",
    ),
    "diagnoses.csv": (
        lines("patient,visit,icd9", (f"{i},{t},{('250.00', '401.9', 'V45.81')[(i * t + t) % 3]}"
                                     for i in range(9) for t in range(6))),
        9, (6, 6), "next", {"icd9": "symbols"}, "by its name codes: read as symbols",
    ),
    "codes.csv": (
        lines("id,t,diagnosis", (f"{i},{t},{('250.0', '401.9', '8.9')[(i * t + t) % 3]}"
                                 for i in range(9) for t in range(6))),
        9, (6, 6), "next", {"diagnosis": "symbols"}, "by its name codes: read as 3 symbols",
    ),
    "mouse.csv": (  # a move, and a gas: no codes, whatever their names are elsewhere
        lines("stroke,t,dx,no", (f"{i},{t},{(i * t) % 7 - 3.5},{(i + t) % 5 / 10}"
                                 for i in range(9) for t in range(20))),
        9, (20, 20), "next", {"dx": "real", "no": "real"}, "'t' is taken for the order",
    ),
    "waves.csv": (
        lines("pidp,a_health,b_health,c_health,d_health", (
            f"{20000 + 17 * i}," + ",".join(names(range(1, 6), 4)) for i in range(20))),
        20, (4, 4), "next", {"value": "symbols"}, "'a_health' to 'd_health' are a series",
    ),
    "commas_and_tabs.csv": (
        lines("id,t\tv", (f"{i},{t}\t{number()}" for i in range(6) for t in range(5))),
        6, (5, 5), "next", {"v": "real"}, "separated by commas and by tabs",
    ),
    "joined.csv": (
        lines("id,t,v", (f"{i},{t},{number()}" for i in range(3) for t in range(5)),
              (f"{i}\t{t}\t{number()}" for i in range(3, 6) for t in range(5))),
        6, (5, 5), "next", {"v": "real"}, "15 line(s) are separated by tabs, not commas",
    ),
    "two_heads.csv": (
        lines("body,nose,nose,tail,tail", "coords,x,y,x,y", (
            f"{t}," + ",".join(number() for _ in range(4)) for t in range(20))),
        1, (20, 20), "next", dict.fromkeys(("nose x", "nose y", "tail x", "tail y"), "real"),
        "stand on 2 lines, and are joined",
    ),
    "merged_heads.csv": (
        lines(",,left,,right,", "id,t,x,y,x,y", (
            f"{i},{t}," + ",".join(number() for _ in range(4)) for i in range(5) for t in range(4))),
        5, (4, 4), "next", dict.fromkeys(("left x", "left y", "right x", "right y"), "real"),
        "stand on 2 lines, and are joined",
    ),
    "end_to_end.csv": (
        lines(*(["GPS Time, Speed (km/h)", [f"Thu Mar 02 0{part + 7}:00:{k:02d} GMT+01:00 2023, {number()}"
                                            for k in range(9)]][j] for part in range(3) for j in (0, 1))),
        1, (27, 27), "next", {"Speed (km/h)": "real"}, "2 line(s) with the names of the columns again",
    ),
    "quoted.csv": (
        lines("'time','MLII','V5'", "'s','mV','mV'", (f"{k / 100:.2f},{number()},{number()}"
                                                      for k in range(30))),
        1, (30, 30), "next", {"MLII": "real", "V5": "real"}, "1 line(s) of units",
    ),
    "fixed.txt": (
        lines("SUBJ  VISIT  DATE        SBP  STATE", (
            f"S{i:02d}     {t:>3}   2022-0{t}-{i + 10}  {90 + 7 * i * t % 41:>3}  {STATES[(i + t) % 3]}"
            for i in range(8) for t in range(1, 6))),
        8, (5, 5), "next", {"SBP": "count", "STATE": "symbols"}, "the columns stand under their names",
    ),
    "inside.jsonl": (
        lines(json.dumps({"user": {"id": f"u{i}"}, "ts": k, "event": {"type": names(["a", "b"], 1)[0]}})
              for i in range(8) for k in range(6)),
        8, (6, 6), "next", {"event.type": "symbols"}, "inside of objects are columns of their own",
    ),
    "access.log": (
        lines(f'10.0.0.{k % 4} - - [10/Mar/2024:00:00:{k:02d} +0000] "GET /{"ab"[k * k % 7 % 2]}?q={k} '
              f'HTTP/1.1" 200 {k + 100} "-" "Mozilla/5.0 (X11)"' for k in range(40)),
        4, (10, 10), "next", {"request": "symbols"}, "the requests of a host, without parameters",
    ),
    "strict.phy": (
        lines("3 20", (f"{name:<10}{''.join(names('ACGT', 20))}" for name in ("a", "b c", "dddddddddd"))),
        3, (20, 20), "next", {"0": "symbols"}, "3 aligned sequences of 20 residues",
    ),
    "blocks.phy": (
        lines("3 20", (f"{name}  {''.join(names('ACGT', 10))}" for name in "abc"), "",
              ("".join(names("ACGT", 10)) for _ in range(3))),
        3, (20, 20), "next", {"0": "symbols"}, "3 aligned sequences of 20 residues",
    ),
    "games.pgn": (
        lines('[Event "x"]\n[Result "1-0"]\n\n1. e4 {best} e5 2. Nf3! (2. f4 exf4) Nc6 $1 1-0\n'
              for _ in range(4)),
        4, (4, 4), "next", {"move": "symbols"}, "their moves are the steps",
    ),
    "split.json": (
        json.dumps({"columns": ["id", "t", "v"], "index": list(range(40)),
                    "data": [[i // 8, i % 8, float(number())] for i in range(40)]}, indent=1),
        5, (8, 8), "next", {"v": "real"}, "'columns' names those of 'data'",
    ),
    "members.json": (
        json.dumps({f"run{i}": names(["up", "down"], 5 + i) for i in range(8)}),
        8, (5, 12), "next", {"0": "symbols"}, "is a sequence",
    ),
    "columns.json": (
        json.dumps({c: {str(i): (i // 6, i % 6, float(number()))[k] for i in range(24)}
                    for k, c in enumerate(("id", "t", "v"))}),
        4, (6, 6), "next", {"v": "real"}, "a column a member",
    ),
    "rows_inside.json": (
        json.dumps({"version": 1, "events": [{"id": i, "t": k, "v": float(number())}
                                             for i in range(4) for k in range(6)]}),
        4, (6, 6), "next", {"v": "real"}, "the rows are in 'events'",
    ),
    "lists.txt": (
        lines(str(names("abcd", 4 + i % 3)) for i in range(12)),
        12, (4, 6), "next", {"0": "symbols"}, "each line is a list, as Python writes it",
    ),
    "sparse_rows.txt": (
        lines(f"{'+-'[i % 2]}1 " + " ".join(f"{k}:{number()}" for k in range(1 + i % 3, 13))
              for i in range(20)),
        20, (12, 12), "sequence", {"0": "real"}, "read as svmlight",
    ),
    "family.sto": (
        lines("# STOCKHOLM 1.0", "#=GF ID x", "",
              (f"s{i}/1-9    {''.join(names('ACGT', 9))}" for i in range(5)), "#=GC SS   HHHHHHHHH", "",
              (f"s{i}/1-9    {''.join(names('ACGT', 6))}" for i in range(5)), "//"),
        5, (15, 15), "next", {"0": "symbols"}, "5 aligned sequences",
    ),
    "family.txt": (
        lines("CLUSTAL W (1.83) multiple sequence alignment", "", (
            f"s{i}   {''.join(names('ACGT', 9))} {9}" for i in range(5)), "     *** .*  *"),
        5, (9, 9), "next", {"0": "symbols"}, "5 aligned sequences",
    ),
    "film.srt": (
        lines(f"{i + 1}\n00:00:{i:02d},000 --> 00:00:{i:02d},900\n<i>well{'!' * i}</i>\n" for i in range(9)),
        9, (4, 12), "next", {"0": "symbols"}, "each of 9 subtitles is a sequence of characters",
    ),
    "midi.csv": (
        lines("0, 0, Header, 1, 2, 480", '1, 0, Title_t, "a, b"', (
            f"{track}, {480 * k}, Note_on_c, 1, {60 + k % 3}, {90 * (k % 2)}" for track in (2, 3)
            for k in range(20)), "0, 0, End_of_file"),
        2, (10, 10), "next", {"note": "symbols"}, "the notes that begin in a track and channel",
    ),
    "places.bed": (
        lines("track name=x", (
            f"chr{c}\t{900 - 40 * k}\t{910 - 40 * k + (k + c) ** 2 * 37 % 91}\t{'ab'[k % 2]}"
            for c in (1, 2, 9) for k in range(9))),
        3, (9, 9), "next", {"length": "count", "name": "symbols"}, "'chrom' is taken for the sequence",
    ),
    "genes.gtf": (
        lines("#!x", (f'1\tens\t{("gene", "exon")[k % 2]}\t{9 * k + 1}\t{9 * k + 5}\t.\t+\t.\tid "g";'
                      for k in range(12))),
        1, (12, 12), "next", {"feature": "symbols"}, "this is read as GFF",
    ),
    "blanks.tsv": (
        lines("id t     v", (f"{i}  {t}  {number()}" for i in range(4) for t in range(6))),
        4, (6, 6), "next", {"v": "real"}, "the cells are separated by blanks",
    ),
    "right.dat": (
        lines("  id    educ      t    v", (
            f"{i:4d} {('< 12 years', '12-15 years')[t % 2]:>12}  {t}  {number()}"
            for i in range(4) for t in range(6))),
        4, (6, 6), "next", {"educ": "symbols", "v": "real"}, "the columns stand under their names",
    ),
    "trials.csv": (
        lines("Participant,Trial,FixStart,AOI", (f"P{i},{k},{310 * t + i},{'ab'[(i + t * t) % 2]}"
                                                 for i in range(6) for k in range(4) for t in range(7))),
        24, (7, 7), "next", {"AOI": "symbols"}, "'FixStart' starts anew with each pair",
    ),
    "beeps.csv": (
        lines("person_id,day,beep,happy", (f"{i},{d},{b},{names('123', 1)[0]}" for i in range(8)
                                           for d in range(1, 5) for b in range(1, 6))),
        8, (20, 20), "next", {"happy": "symbols"}, "'beep' counts within 'day'",
    ),
    "fields.csv": (
        lines("yield,variety,year,site", (f"{number()},v{v},{y},{s}" for s in "abcd" for y in (1931, 1932)
                                          for v in range(5))),
        20, (2, 2), "next", {"yield": "real"}, "'variety,site' is taken for the sequence",
    ),
    "regimes.csv": (
        lines("country,regime,length", (f"c{i},{names(['dem', 'aut'], 1)[0]},{number()}" for i in range(8)
                                        for _ in range(6))),
        8, (6, 6), "next", {"regime": "symbols", "length": "real"}, "its name, and its rows stand together",
    ),
    "songs.csv": (
        lines("song,bar,beat,chord", (f"s{i},{b},{k},{names(['C', 'G', 'Am'], 1)[0]}" for i in range(5)
                                      for b in range(1, 5) for k in range(1, 5))),
        5, (16, 16), "next", {"chord": "symbols"}, "'bar' is no channel: it counts, in every sequence alike",
    ),
    "sessions.csv": (
        lines("subject,session,press_time,key", (
            f"u{i},{k},{1600000000000 + 10**8 * i + 10**6 * k + 137 * t},{'abc'[(i + t * t) % 3]}"
            for i in range(6) for k in range(3) for t in range(8))),
        18, (8, 8), "next", {"key": "symbols"}, "'subject' is taken for the group",
    ),
    "stages.csv": (  # what only goes up is no count where it differs from sequence to sequence
        lines("person_id,visit,stage", (f"{i},{t},{1 + (t * (i % 4 + 1)) // 6}"
                                        for i in range(9) for t in range(7))),
        9, (7, 7), "next", {"stage": "symbols"}, "'stage' holds whole numbers",
    ),
    "devices.csv": (
        lines("deviceID,speed,ts", sorted((f"d{i},{number()},{1600000000 + 30 * t + i}" for i in range(4)
                                           for t in range(30)), key=lambda line: line[-2:])),
        4, (30, 30), "next", {"speed": "real"}, "'deviceID' is taken for the sequence",
    ),
    "points.csv": (
        lines("pid,dep.1,dep.2,dep.3,anx.1,anx.2,anx.3,sex", (
            f"{i + 100}," + ",".join(number() for _ in range(6)) + f",{'mf'[i % 2]}" for i in range(15))),
        15, (3, 3), "next", {"dep": "real", "anx": "real"}, "are channels of 3 steps",
    ),
    "paths.csv": (
        lines("path,n", (f"{'-'.join(names('ABCD', 5 + i % 3))},{i % 7 + 1}" for i in range(30))),
        30, (5, 7), "next", {"value": "symbols"}, "it says how often a row occurs",
    ),
    "beats.txt": (
        lines(f"{0.83 * k:12.3f} {int(298.8 * k):8d}     {'NNV'[k * k % 7 % 3]}    0    0"
              for k in range(40)),
        1, (40, 40), "next", {"1": "count", "2": "symbols"}, "the lines hold as many cells each",
    ),
    "hosts_of_shows.csv": (  # people are hosts as well
        lines("date,host,rating", (f"{d},{names(['Ann', 'Bob', 'Cy'], 1)[0]},{number()}" for d in DAYS)),
        1, (60, 60), "next", {"host": "symbols", "rating": "real"}, "its words alternate in time",
    ),
    "machines.csv": (
        lines("time,host,cpu", (f"{t},web{k},{number()}" for t in range(20) for k in range(3))),
        3, (20, 20), "next", {"cpu": "real"}, "'host' is taken for the sequence",
    ),
    "host_beside.csv": (
        lines("id,host,m1,m2,m3", (
            f"r{i},{'AB'[i % 2]}," + ",".join(number() for _ in range(3)) for i in range(12))),
        12, (3, 3), "next", {"value": "real"}, "are a series",
    ),
    "climate.csv": (
        lines("Year,Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec,J-D", (
            f"{y}," + ",".join(number() if y < 1989 or k < 7 else "***" for k in range(13))
            for y in range(1980, 1990))),
        1, (115, 115), "next", {"value": "real"}, "go on from row to row: one series",
    ),
    "meters.csv": (
        lines("date,meter," + ",".join(f"h{h}" for h in range(1, 25)), (
            f"2020-01-{d:02d},m{m}," + ",".join(number() for _ in range(24))
            for m in range(3) for d in range(1, 9))),
        3, (192, 192), "next", {"value": "real"}, "one series for each 'meter'",
    ),
    "accelerations.csv": (  # quantised, and below zero
        lines("t,x,y", (f"{t},{10 * (t * t * 37 % 91 - 45) - t % 2},{t * t * 17 % 61 * 20 - 600}"
                        for t in range(1000))),
        1, (1000, 1000), "next", {"x": "real", "y": "real"}, "'x' holds whole numbers, read as measurements",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_as_what_it_is(name, tmp_path):
    text, n_sequences, lengths, role, channels, said = FILES[name]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    data = read(path)
    assert len(data) == n_sequences, data.notes
    assert (data.X.lengths.min(), data.X.lengths.max()) == lengths
    assert data.role == role
    assert {channel.name: channel.kind for channel in data.X.schema} == channels
    assert any(said in note for note in data.notes), data.notes


@pytest.mark.parametrize("order", ["oldest first", "newest first"])
@pytest.mark.parametrize("form", ["%H:%M", "%I:%M:%S %p"])
def test_rows_go_on_over_midnight(order, form, tmp_path):
    moments = [datetime(2020, 1, 1, 20) + timedelta(minutes=40 * k) for k in range(90)]
    rows = [f"{moment.strftime(form)},{k}.5" for k, moment in enumerate(moments)]
    path = tmp_path / "nights.csv"
    path.write_text(lines("clock,v", rows if order == "oldest first" else rows[::-1]), encoding="utf-8")
    data = read(path)
    np.testing.assert_array_equal(data.X[0], np.arange(90) + 0.5)
    assert set(np.diff(data.X.times).astype("timedelta64[m]").astype(int)) == {40}


def test_times_of_one_day_are_sorted(tmp_path):
    path = tmp_path / "day.csv"
    order = [5, 2, 9, 0, 7, 1, 8, 3, 6, 4]
    path.write_text(lines("time,v", (f"{clock(540 + 7 * k)},{k}.5" for k in order)), encoding="utf-8")
    np.testing.assert_array_equal(read(path).X[0], np.arange(10) + 0.5)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_what_the_first_bytes_tell_is_read(encoding, tmp_path):
    path = tmp_path / "words.csv"
    text = lines(
        "id;t;Wort", (f"{i};{t};{('müde', 'grün')[(i * t) % 2]}" for i in range(4) for t in range(5))
    )
    path.write_bytes(text.encode(encoding))
    data = read(path)
    assert np.unique(data.X.values).tolist() == ["grün", "müde"]
    assert ("utf-8" in encoding) != any("the text is read as utf" in note for note in data.notes)


@pytest.mark.parametrize(("encoding", "words"), [
    ("cp1252", ("weiß", "naïve")), ("cp1251", ("да", "может")), ("gb18030", ("晴天", "下雨了")),
    ("cp932", ("良い", "悪い")), ("euc_jp", ("とても眠い", "起きている")), ("cp949", ("좋음", "나쁨")),
    ("big5", ("清醒", "睡眠")), ("koi8-r", ("хорошо", "плохо")), ("cp1253", ("καλή", "κακή")),
    ("cp1250", ("świetny", "źle")), ("cp1254", ("ışık", "güneş")), ("cp874", ("ดีมาก", "ไม่ดี")),
])  # fmt: skip
def test_another_encoding_is_never_guessed_and_the_advice_is_right(encoding, words, tmp_path):
    path = tmp_path / "words.csv"
    text = lines(f"id;t;{words[0]}", (f"{i};{t};{words[(i * t) % 2]}" for i in range(4) for t in range(5)))
    path.write_bytes(text.encode(encoding))
    with pytest.raises(DataError, match="is not UTF-8; the first word may be") as refused:
        read(path)
    assert refused.value.remedy == {"encoding": encoding}
    data = read(path, **refused.value.remedy)
    assert set(data.X.values.tolist()) == set(words)
    assert data.reading["encoding"] == encoding


TABLE = {"id": np.repeat(list("abc"), 5), "t": np.tile(np.arange(5), 3), "v": np.arange(15) ** 1.5}
CONTAINERS = {
    "columns": (TABLE, 3, (5, 5), ["v"]),
    "rows": (pd.DataFrame(TABLE).to_dict("records"), 3, (5, 5), ["v"]),
    "records": (pd.DataFrame(TABLE).to_records(index=False), 3, (5, 5), ["v"]),
    "arrays by name": ({f"s{i}": np.arange(4.0 + i) ** 2 for i in range(3)}, 3, (4, 6), ["0"]),
    "frames": ([pd.DataFrame({"a": np.arange(4 + i) ** 1.5, "b": 0.5}) for i in range(3)], 3, (4, 6), ["a"]),
    "frames of days": (
        [pd.DataFrame({"a": [2.5, 1.5]}, index=pd.to_datetime(["2020-01-02", "2020-01-01"]))] * 2,
        2, (2, 2), ["a"],
    ),
    "categories": (pd.Series(list("abcab"), dtype="category"), 1, (5, 5), ["value"]),
    "two levels": (
        pd.DataFrame(np.arange(12.0).reshape(6, 2) ** 2,
                     columns=pd.MultiIndex.from_product([["l", "r"], ["x"]])),
        1, (6, 6), ["l x", "r x"],
    ),
    "durations": (
        pd.DataFrame({"t": range(4), "d": pd.to_timedelta([3, 5, 4, 9], unit="s")}), 1, (4, 4), ["d"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", CONTAINERS)
def test_what_python_holds_is_read_as_what_it_is(form):
    given, n_sequences, lengths, channels = CONTAINERS[form]
    data = read(given)
    assert len(data) == n_sequences
    assert (data.X.lengths.min(), data.X.lengths.max()) == lengths
    assert [channel.name for channel in data.X.schema] == channels
    if form == "frames of days":
        assert data.X[0].tolist() == [1.5, 2.5]


def test_lengths_beside_all_steps_are_refused_with_the_right_call():
    with pytest.raises(DataError, match=r"2 lengths that add up to the 10 rows of X.*from_concatenated"):
        read((np.arange(20.0).reshape(10, 2), [4, 6]))
    assert any(
        "transpose(0, 2, 1)" in note
        for note in read(np.random.default_rng(0).normal(size=(20, 3, 200))).notes
    )


FOREIGN = {
    "a.gpx": (b"<?xml version='1.0'?>\n<gpx><trk/></gpx>", "XML"),
    "page.csv": (b"<!DOCTYPE html>\n<html><table></table></html>", "a page (HTML)"),
    "a.TextGrid": (b'File type = "ooTextFile"\nObject class = "TextGrid"\n', "Praat's"),
    "a.ics": (b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "a calendar"),
    "a.vcf": (b"##fileformat=VCFv4.2\n#CHROM\tPOS\n", "VCF"),
    "a.txt": (b"$GPGGA,123519,4807.038,N\n$GPRMC,123519,A\n", "NMEA"),
    "a.h5": (b"\x89HDF\r\n\x1a\n\0\0", "HDF5"),
    "a.mat": (b"MATLAB 5.0 MAT-file\0", "MATLAB's"),
    "a.wav": (b"RIFF\x24\0\0\0WAVEfmt ", "sound (WAV)"),
    "a.pkl": (b"\x80\x04\x95\x10\0", "a pickle"),
    "a.pdf": (b"%PDF-1.7\n\0", "a PDF"),
    "table.csv": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "an old workbook"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_other_programs_are_refused_by_name_with_a_way_on(name, tmp_path):
    content, what = FOREIGN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(
        DataError, match=rf"this file is {re.escape(what)}.*: (read|save|make|which)"
    ) as refused:
        read(tmp_path / name)
    assert refused.value.remedy in (None, {"file_format": "text"})


@pytest.mark.parametrize("name", ["a.dta", "a.feather"])
def test_tables_of_statistics_programs(name, tmp_path):
    frame = pd.DataFrame(
        {"id": np.repeat([1, 2, 3], 5), "t": np.tile(np.arange(5), 3), "v": np.arange(15) ** 1.5}
    )
    write = {"a.dta": lambda path: frame.to_stata(path, write_index=False), "a.feather": frame.to_feather}[
        name
    ]
    write(tmp_path / name)
    data = read(tmp_path / name)
    assert len(data) == 3
    assert data.X[2].tolist() == frame.v[10:].tolist()
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:90])
    with pytest.raises(DataError, match="this is no readable file of"):
        read(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["trials.csv", "beeps.csv", "fields.csv", "climate.csv", "meters.csv", "places.bed"]
)
def test_what_two_columns_make_is_made_again_of_new_data(name, tmp_path):
    path = tmp_path / name
    path.write_text(FILES[name][0])
    data = read(path)
    again = read_new(path, data.reading)
    assert again.X.lengths.tolist() == data.X.lengths.tolist()
    assert again.X.schema == data.X.schema
    assert len(read(path, test=path)) == 2 * len(data)


def test_months_go_on_and_hours_follow_their_day(tmp_path):
    path = tmp_path / "a.csv"
    months = "Year,Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"
    # the newest first
    path.write_text(
        lines(months, (f"{y}," + ",".join(f"{12 * y + m}.5" for m in range(12)) for y in (2002, 2001, 2000)))
    )
    assert read(path).X[0].tolist() == [24000.5 + k for k in range(36)]
    # a row a sequence, where one says so
    assert read(path, wide=True).X.lengths.tolist() == [12, 12, 12]


def test_of_several_encodings_each_is_named_with_a_word(tmp_path):
    path = tmp_path / "words.csv"
    path.write_bytes("患者,時刻\n睡眠,覚醒\n".encode("euc_jp"))
    with pytest.raises(DataError, match=r"'患者' \(euc_jp\)"):
        read(path)
    # what is UTF-8 but for a byte is in no other encoding
    path.write_bytes("日付,気分\n良い,悪い\n".encode() + b"\xff\n")
    with pytest.raises(DataError, match="say what the encoding is, or save") as refused:
        read(path)
    assert refused.value.remedy is None


MOLTEN = {
    "with gaps": lines("subject,time,variable,value", (
        f"s{i},{t},{v},{number()}" for i in range(8) for t in range(9) for v in ("hr", "bp", "oxygen")
        if (i + t + len(v)) % 5)),
    "by variable": lines('"","id","time","variable","value"', (
        f'"{i}{t}{v}",{i},{t},"{v}",{number()}' for v in "xy" for i in range(8) for t in range(9))),
}  # fmt: skip


@pytest.mark.parametrize("name", MOLTEN)
def test_a_row_for_each_channel_is_refused_with_a_way_on(name, tmp_path):
    path = tmp_path / "molten.csv"
    path.write_text(MOLTEN[name], encoding="utf-8")
    with pytest.raises(DataError, match=r"column 'variable': each step has .*df.pivot"):
        read(path)


def test_events_at_one_time_are_no_channels(tmp_path):
    path = tmp_path / "log.csv"
    rows = (f"{i},2020-01-0{t + 1},{a},{number()}" for i in range(9) for t in range(6)
            for a in RANDOM.choice(list("abcdefg"), 1 + t % 2, replace=False))  # fmt: skip
    path.write_text(lines("case_id,timestamp,activity,cost", rows), encoding="utf-8")
    assert [channel.name for channel in read(path).X.schema] == ["activity", "cost"]


def test_joint_symbols_are_said(tmp_path):
    path = tmp_path / "both.csv"
    rows = (f"{i},{t},{'ab'[(i + t) % 2]},{'uvw'[(i * t) % 3]}" for i in range(12) for t in range(8))
    path.write_text(lines("id,t,event,ward", rows), encoding="utf-8")
    data = with_joint_symbols(read(path))
    assert "channels event, ward are predicted as one joint symbol" in data.notes
    assert data.X.n_channels == 1


def test_many_channels_are_read_in_good_time(tmp_path):
    path = tmp_path / "relation.arff"
    cells = "\\n".join(map(str, range(30_000)))
    head = "@relation r\n@attribute s relational\n@attribute v integer\n@end s\n@data\n"
    path.write_text(f"{head}'{cells}'\n", encoding="utf-8")
    assert read(path).X.lengths.tolist() == [30_000]


@pytest.mark.parametrize(("text", "remedy"), [
    (lines("id,t,what", (f"{i},{t},{'V58.6' if (i + t) % 4 == 0 else 401 + (i * t) % 3}" for i in range(9)
                         for t in range(6))), {"kind": "symbols"}),
    (lines(",".join(number() for _ in range(5 + i % 3)) for i in range(9)), {"file_format": "text"}),
])  # fmt: skip
def test_what_is_advised_is_what_is_meant(text, remedy, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read(path)
    assert refused.value.remedy == remedy
