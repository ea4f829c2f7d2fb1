*** Settings ***
Documentation       RFC 3261 7.5 and 18.3: where a message begins and ends on a TCP connection. Content-Length says it;
...                 segments do not, and line ends between two messages are no part of either.

Resource            ../common.resource

Test Setup          Power On UE    transport=TCP
Test Teardown       Power Off UE


*** Variables ***
${CRLF}             \r\n


*** Test Cases ***
Two Requests In One Segment Are Two Requests
    [Documentation]    As of a UE that was switched off and on again and has lost the first answer. Both get one.
    [Tags]    req:rfc3261-18.3-01    req:rfc3261-20-02
    Register As Usual
    ${first}=    Build Initial Register
    ${second}=    Build Initial Register
    Send In Segments    ${first}    ${second}
    Expect Response To Each
    Requirements Should Hold

A Request In Many Segments Is One Request
    [Documentation]    The cuts are in the start line, in a header field, and between the two line ends of the last one.
    [Tags]    req:rfc3261-18.3-01    req:rfc3261-20-02
    Register As Usual
    ${register}=    Build Initial Register
    Send In Segments    ${register}    at=[12, 200, -2]
    Expect Final Response
    Requirements Should Hold

The End Of A Request Shares Its Segment With The Next One
    [Documentation]    The second of two segments holds the end of the first request and the whole second one.
    [Tags]    req:rfc3261-18.3-01
    Register As Usual
    ${first}=    Build Initial Register
    ${second}=    Build Initial Register
    Send In Segments    ${first}    ${second}    at=[300]
    Expect Response To Each
    Requirements Should Hold

Line Ends Before A Request Are Ignored
    [Documentation]    One pair and two, which is the keep-alive of RFC 5626 3.5.1, in front of the request in its own
    ...    segment and in one before it. A pong may come, or none.
    [Tags]    req:rfc3261-7.5-01
    Register As Usual
    FOR    ${line ends}    IN    ${CRLF}    ${CRLF}${CRLF}
        ${register}=    Build Initial Register
        Send In Segments    ${line ends}    ${register}
        Expect Final Response
        Send Octets    ${line ends}
        Send Initial Register
        Expect Final Response
    END
    Requirements Should Hold


*** Keywords ***
Register As Usual
    [Documentation]    What the others are compared with: the first REGISTER of a registration, in a segment of its own.
    Send Initial Register
    Expect Response    401
