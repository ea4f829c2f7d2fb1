*** Settings ***
Documentation       TS 33.203 7.4 and 7.4.2a: which associations the messages of a registration travel on.

Resource            associations.resource

Test Teardown       Power Off UE


*** Test Cases ***
A First Registration Moves To Its Associations
    [Documentation]    The challenge comes in the clear, and the 200 on what it has made: over UDP to the server port of
    ...    the UE.
    [Tags]    req:33.203-7.4.2a-01    req:33.203-7.4.2a-02    req:33.203-7.1-03    smoke
    [Setup]    Power On UE    transport=UDP    security=ipsec
    Register
    Requirements Should Hold

A First Registration Over TCP Moves To Its Associations
    [Documentation]    The same with the 200 on the connection of the answer.
    [Tags]    req:33.203-7.4.2a-01    req:33.203-7.4.2a-02    req:33.203-7.1-03
    [Setup]    Power On UE    transport=TCP    security=ipsec
    Register
    Requirements Should Hold

Refresh And De-Registration Are Answered On Their Associations
    [Documentation]    Also the 200 after which there are none any more.
    [Tags]    req:33.203-7.4.2a-05    req:33.203-7.1-03
    [Setup]    Power On UE    transport=UDP    security=ipsec
    Register
    Refresh Registration
    Deregister
    Requirements Should Hold

Refresh And De-Registration Over TCP Are Answered On Their Associations
    [Documentation]    The same on the connections of the requests.
    [Tags]    req:33.203-7.4.2a-05    req:33.203-7.1-03
    [Setup]    Power On UE    transport=TCP    security=ipsec
    Register
    Refresh Registration
    Deregister
    Requirements Should Hold

A New Authentication Goes From Old Associations To New Ones
    [Documentation]    The challenge comes on the old ones, the 200 on the new ones. Of the SPIs and ports of the P-CSCF
    ...    only its server port stays.
    [Tags]    req:33.203-7.4.2a-01    req:33.203-7.4.2a-02    req:33.203-7.4.0-01    req:33.203-7.1-03    slow
    [Setup]    Power On UE    transport=UDP    security=ipsec
    A New Authentication

A New Authentication Over TCP Goes From Old Associations To New Ones
    [Documentation]    The same on connections.
    [Tags]    req:33.203-7.4.2a-01    req:33.203-7.4.2a-02    req:33.203-7.4.0-01    req:33.203-7.1-03    slow
    [Setup]    Power On UE    transport=TCP    security=ipsec
    A New Authentication

A Registration In The Clear Beside Associations Is Challenged In The Clear
    [Documentation]    As after a restart of the UE: the network has associations with it, and the REGISTER did not come
    ...    on them.
    [Tags]    req:33.203-7.4.2a-01    req:33.203-7.4.2a-02
    [Setup]    Power On UE    security=ipsec
    Register
    Register
    Requirements Should Hold

Other Requests Are Answered On Associations
    [Documentation]    OPTIONS on the established associations. What the answer says is not the question.
    [Tags]    req:33.203-7.4.2a-09    req:33.203-7.1-03
    [Setup]    Power On UE    transport=UDP    security=ipsec
    Register
    Ask For Options
    Requirements Should Hold

Other Requests Over TCP Are Answered On Associations
    [Documentation]    The same on the connection of the request.
    [Tags]    req:33.203-7.4.2a-09    req:33.203-7.1-03
    [Setup]    Power On UE    transport=TCP    security=ipsec
    Register
    Ask For Options
    Requirements Should Hold

A Wrong First Response Is Refused On The New Associations
    [Documentation]    The registration began in the clear: there are no other ones.
    [Tags]    req:33.203-7.4.2a-03    req:33.203-7.1-03
    [Setup]    Power On UE    transport=UDP    security=ipsec
    A Wrong First Response

A Wrong First Response Over TCP Is Refused On The New Associations
    [Documentation]    The same on the connection of the answer.
    [Tags]    req:33.203-7.4.2a-03    req:33.203-7.1-03
    [Setup]    Power On UE    transport=TCP    security=ipsec
    A Wrong First Response

A Wrong Later Response Is Refused On The Old Associations
    [Documentation]    The registration began on them, and they stay.
    [Tags]    req:33.203-7.4.2a-03    slow
    [Setup]    Power On UE    transport=UDP    security=ipsec
    A Wrong Later Response

A Wrong Later Response Over TCP Is Refused On The Old Associations
    [Documentation]    The same with the connection of the first REGISTER still there.
    [Tags]    req:33.203-7.4.2a-03    slow
    [Setup]    Power On UE    transport=TCP    security=ipsec
    A Wrong Later Response


*** Keywords ***
A New Authentication
    [Documentation]    Afterwards the UE refreshes again, on the new associations.
    Register
    ${challenge}=    Challenge A Refresh
    ${status}=    Get Status    ${challenge}
    IF    ${status} == 401
        Send Register Answering    ${challenge}
        Expect Final Response
        Refresh Registration
    END
    Requirements Should Hold

A Wrong First Response
    [Documentation]    One bit of RES is turned over.
    Send Initial Register
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}    res=wrong
    Expect Final Response
    Requirements Should Hold

A Wrong Later Response
    [Documentation]    One bit of RES is turned over, when the network authenticates anew.
    Register
    ${challenge}=    Challenge A Refresh
    ${status}=    Get Status    ${challenge}
    IF    ${status} == 401
        Send Register Answering    ${challenge}    res=wrong
        Expect Final Response
    END
    Requirements Should Hold

Ask For Options
    [Documentation]    OPTIONS to the UE's own public identity (RFC 3261 11).
    ${request}=    Build Fetch
    FOR    ${name}    IN    Authorization    Security-Client    Contact
        Remove Header    ${request}    ${name}
    END
    Evaluate    setattr($request, "start_line", "OPTIONS ${UE.impu} SIP/2.0")
    ${call_id}=    Get Header    ${request}    Call-ID
    Set Header    ${request}    Call-ID    options-${call_id}
    Set Header    ${request}    CSeq    1 OPTIONS
    Send Request    ${request}    on=UL1 of the established set
    Wait For Answer    within=4s
