import sqlite3

from nbgrader.api import Gradebook

from autograder.gradebook.rows import AssignmentRows

MADE = ("submitted_assignment", "submitted_notebook", "grade", "comment")


def contents(database, tables=MADE):
    """The rows, with what they are about in place of the keys that nbgrader draws."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    names = {"student": {}}
    for table, label in {"assignment": "name", "notebook": "name", "base_cell": "name"}.items():
        names |= {
            row["id"]: row[label] for row in connection.execute(f"SELECT id, {label} FROM {table}")
        }
    names |= {
        row["id"]: row["student_id"]
        for row in connection.execute("SELECT id, student_id FROM submitted_assignment")
    }
    for row in list(
        connection.execute("SELECT id, assignment_id, notebook_id FROM submitted_notebook")
    ):
        names[row["id"]] = f"{names[row['assignment_id']]}'s {names[row['notebook_id']]}"
    rows = {}
    for table in tables:
        found = []
        for row in map(dict, connection.execute(f"SELECT * FROM {table}")):
            del row["id"]
            found.append(str({key: names.get(value, value) for key, value in row.items()}))
        rows[table] = sorted(found)
    connection.close()
    return rows


def test_new_rows_are_those_that_nbgrader_itself_makes(released, tmp_path):
    nbgraders = tmp_path / "nbgraders.db"
    nbgraders.write_bytes(released.database.read_bytes())
    with Gradebook(f"sqlite:///{nbgraders}", released.id) as gradebook:
        gradebook.update_or_create_student("ada")
        with gradebook.db.no_autoflush:
            made = gradebook.add_submission(
                "assignment2", "ada", timestamp="2026-03-01 12:00:00 UTC"
            )
        stamp = made.timestamp
    with Gradebook(f"sqlite:///{released.database}", released.id) as gradebook:
        rows = AssignmentRows(gradebook, "assignment2").for_students({"ada": stamp})
        for notebook in rows.submission_notebooks("ada"):
            rows.cells("ada", notebook)
        rows.save()
        gradebook.db.commit()
    tables = (*MADE, "student")
    assert contents(released.database, tables) == contents(nbgraders, tables)
    assert all(contents(released.database, tables).values())


def test_only_rows_that_changed_are_written(released):
    with Gradebook(f"sqlite:///{released.database}", released.id) as gradebook:
        assignment, written = AssignmentRows(gradebook, "assignment2"), []
        rows = assignment.for_students({"ada": None, "bob": None})
        for student in ("ada", "bob"):
            rows.cells(student, "fully_connected_nets")
        rows.save()
        rows = assignment.for_students({"ada": None, "bob": None})
        grade = rows.cells("bob", "fully_connected_nets").grades["adam"]
        grade.auto_score = 2.5
        connection = gradebook.db.connection().connection.driver_connection
        connection.set_trace_callback(
            lambda text: written.append(text) if text.startswith(("INSERT", "UPDATE")) else None
        )
        rows.save()
        rows.save()
        connection.set_trace_callback(None)
    assert len(written) == 1 and written[0].startswith("UPDATE grade SET auto_score=2.5")
