"""Pack the SQL at the top of the repository into the package (setup.cfg has all else)."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithSql(build_py):
    """Copy the SQL into the package, where wallet_api/database/sql_files.py finds it."""

    def run(self) -> None:
        """Build the package, then add the SQL. A checkout has it where it is."""
        if self.editable_mode:
            super().run()
            return
        package = Path(self.build_lib) / "wallet_api"
        # An earlier build may have left files there that were deleted or renamed since.
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        packed = package / "_sql"
        packed.mkdir()
        for folder in ("queries", "migrations"):
            shutil.copytree(folder, packed / folder)
        shutil.copy("catalog.json", packed)


setup(cmdclass={"build_py": BuildWithSql})
