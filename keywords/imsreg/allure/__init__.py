"""The Allure adapter: what a test's Allure result gets of ours, whichever runner makes it, and the report from it.

Nothing here is imported before an Allure listener is at work (see `listening`), and no part of imsreg needs Allure.
"""
