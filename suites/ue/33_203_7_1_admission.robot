*** Settings ***
Documentation       TS 33.203 7.1: what comes in the clear to a UE that has associations. Of the requests only emergency
...                 traffic may be taken; a refusal in the clear is as good as silence.

Library             String
Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core

Test Tags           req:33.203-7.1-09


*** Test Cases ***
OPTIONS In The Clear
    [Documentation]    To the port from which the first REGISTER came.
    [Tags]    slow
    Register UE
    Answer Automatically
    Advance Time    1 s
    ${options}=    Build Options    in_the_clear=True
    Send Request    ${options}    on=clear
    Advance Time    3 s
    Requirements Should Hold

NOTIFY In The Clear
    [Documentation]    The next one in the dialog of the UE's subscription, if it has one.
    [Tags]    req:33.203-7.1-04    slow
    Register UE
    Answer Automatically
    Advance Time    1 s
    ${options}=    Build Options    in_the_clear=True
    Send Request    ${options}    on=clear
    TRY
        ${notify}=    Build Notify    state=active    event=refreshed
        ${via}=    Get Header    ${options}    Via
        ${via}=    Replace String Using Regexp    ${via}    branch=\\w+    branch=z9hG4bKnotify-in-the-clear
        Set Header    ${notify}    Via    ${via}
        Send Request    ${notify}    on=clear
    EXCEPT    AS    ${why}
        Log    The UE has no subscription: ${why}
    END
    Advance Time    3 s
    Requirements Should Hold
