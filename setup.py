"""Pack the SQL at the top of the repository into the package (setup.cfg has all else)."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithSql(build_py):
    """Copy the SQL beside the code that runs it; wallet_api/sql_files.py finds it there."""

    def run(self) -> None:
        """Build the package, then add the SQL. A checkout has it where it is."""
        super().run()
        if self.editable_mode:
            return
        for source in ("queries", "migrations", "schema.sql"):
            target = Path(self.build_lib) / "wallet_api" / "_sql" / source
            target.parent.mkdir(exist_ok=True)
            if Path(source).is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy(source, target)


setup(cmdclass={"build_py": BuildWithSql})
