*** Settings ***
Documentation       RFC 3261 10.2.4: the UE finds its own contact in the 200 by the rules of 19.1.4.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Own Contact In Another Spelling
    [Documentation]    An IPv6 address in full and in capitals; without one, a character of the user part is escaped,
    ...    and where there is no user part the scheme is in capitals. The 200 before it has the contact as it was sent.
    [Tags]    req:rfc3261-10.2.4-02
    Register UE    expires=60
    ${refresh}=    Expect Request    REGISTER    within=60 s
    ${ok}=    Build Acceptance    ${refresh}    expires=60
    ${contact}=    Get Header    ${ok}    Contact
    ${other}=    In Another Spelling    ${contact}
    Set Header    ${ok}    Contact    ${other}
    Send Response    ${refresh}    ${ok}
    ${refresh}=    Expect Request    REGISTER    within=62 s
    Send Acceptance    ${refresh}
    Requirements Should Hold


*** Keywords ***
In Another Spelling
    [Documentation]    A Contact value whose URI equals that of another one, but not as text.
    [Arguments]    ${contact}
    ${other}=    Evaluate
    ...    re.sub(r'\\[([0-9a-f:.]+)\\]', lambda m: f'[{ipaddress.ip_address(m[1]).exploded.upper()}]', $contact)
    ...    modules=re,ipaddress
    IF    $other != $contact    RETURN    ${other}
    ${other}=    Evaluate
    ...    re.sub(r'^(.*<sips?:)(\\w)(?=[^<>]*@)', lambda m: m[1] + '%' + format(ord(m[2]), '02x'), $contact)
    ...    modules=re
    IF    $other != $contact    RETURN    ${other}
    ${other}=    Evaluate    $contact.replace('sip:', 'SIP:', 1)
    RETURN    ${other}
