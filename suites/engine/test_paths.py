"""Data comes from the checkout that runs, and from the wheel where there is none."""

from imsreg import paths


def _package(root, *, project: bool):
    package = root / "keywords" / "imsreg"
    package.mkdir(parents=True)
    if project:
        (root / "pyproject.toml").touch()
    return package


def test_a_checkout_uses_its_own_folders(tmp_path):
    assert paths._root(_package(tmp_path, project=True)) == tmp_path


def test_an_installed_package_uses_its_copy(tmp_path):
    package = _package(tmp_path, project=False)
    assert paths._root(package) == package / "_data"


def test_a_foreign_project_around_the_package_does_not_count(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    package = tmp_path / "site-packages" / "imsreg"
    package.mkdir(parents=True)
    assert paths._root(package) == package / "_data"


def test_the_vectors_are_there():
    assert paths.data("vectors", "milenage.json").is_file()
