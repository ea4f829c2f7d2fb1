*** Settings ***
Documentation       TS 24.229 5.1.2A.1.6: the network has lost the registration, and asks the UE for another one.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Variables ***
${RESTORATION}      SEPARATOR=
...                 <?xml version="1.0" encoding="UTF-8"?><ims-3gpp version="1"><alternative-service>
...                 <type>restoration</type><reason>The registration is lost</reason>
...                 <action>initial-registration</action></alternative-service></ims-3gpp>


*** Test Cases ***
504 To SUBSCRIBE Asks For Another Registration
    [Documentation]    It comes from the S-CSCF of Service-Route, as P-Asserted-Identity says.
    [Tags]    req:24.229-5.1.2A.1.6-01
    Trigger Registration
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    ${ok}=    Build Acceptance    ${answer}
    Send Response    ${answer}    ${ok}
    ${s_cscf}=    Get Header    ${ok}    Service-Route
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${lost}=    Build Response    ${subscribe}    504    body=${RESTORATION}
    ...    P-Asserted-Identity=${s_cscf}    Content-Type=application/3gpp-ims+xml
    Send Response    ${subscribe}    ${lost}
    ${register}=    Expect Request    REGISTER
    Send Challenge    ${register}
    ${answer}=    Expect Request    REGISTER
    Send Acceptance    ${answer}
    Requirements Should Hold
