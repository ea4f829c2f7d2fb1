*** Settings ***
Documentation       RFC 7616 3.5: by rspauth a network shows that it knows the password. No text makes a UE look at it.

Resource            ../common.resource

Test Setup          Power On Core    subscriber=password
Test Teardown       Power Off Core

Test Tags           req:rfc7616-3.5-03    slow


*** Test Cases ***
200 With Another Rspauth
    [Documentation]    One digit differs. 60 s are granted; the tester listens for 70 s and answers as ever.
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}    expires=60
    ${info}=    Get Header    ${ok}    Authentication-Info
    ${other}=    Evaluate
    ...    re.sub(r'(?<=rspauth=")\\w', lambda found: '1' if found[0] == '0' else '0', $info)    modules=re
    Set Header    ${ok}    Authentication-Info    ${other}
    Send Response    ${answer}    ${ok}
    Answer Automatically
    Advance Time    70 s
    Requirements Should Hold
