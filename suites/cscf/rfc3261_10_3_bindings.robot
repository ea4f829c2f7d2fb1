*** Settings ***
Documentation       RFC 3261 10.3: what refreshes a binding, what lists it, and what leaves it alone.

Resource            ../common.resource

Test Setup          Power On UE
Test Teardown       Power Off UE


*** Test Cases ***
A Refresh Sets The Expiry Anew
    [Documentation]    Six seconds are enough to tell the new end of the binding from the old one.
    [Tags]    req:rfc3261-10.3-09    req:rfc3261-10.3-13    req:rfc3261-10.3-14    req:rfc3261-10.3-15    slow
    Send Initial Register    expires=3600
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Advance Time    6 s
    Refresh Registration
    Requirements Should Hold

An IPv6 Contact In Another Text Form Is The Same Contact
    [Documentation]    The refresh writes the UE's address without abbreviation: there is one binding still.
    [Tags]    req:rfc3261-10.3-09    req:rfc3261-10.3-15    slow
    [Setup]    Power On UE    family=IPv6
    Register
    Advance Time    6 s
    ${full}=    Evaluate    ipaddress.ip_address($UE.address.host).exploded    modules=ipaddress
    ${contact}=    Evaluate    $UE.contact.replace($UE.address.host, $full)
    ${refresh}=    Build Refresh
    Set Header    ${refresh}    Contact    ${contact}
    Send Request    ${refresh}
    ${response}=    Expect Response    401    or=200
    Answer A Challenge    ${response}    Contact    ${contact}
    Requirements Should Hold

A Fetch Lists The Binding
    [Documentation]    A REGISTER without Contact.
    [Tags]    req:rfc3261-10.3-13    req:rfc3261-10.3-17
    Register
    ${fetch}=    Build Fetch
    Get Header    ${fetch}    Contact    ==    ${None}
    Send Request    ${fetch}
    ${response}=    Expect Final Response
    IF    ${response.status} == 401
        Send Register Answering    ${response}
        Expect Final Response
    END
    Requirements Should Hold

A Fetch Leaves Every Binding Alone
    [Documentation]    Two UEs of one subscription. The second REGISTER without Contact shows what the first one did; so
    ...    does the refresh of the second UE, which lists the binding of the first as its registration did.
    [Tags]    req:rfc3261-10.2.3-01    slow
    Register
    Power On UE    subscriber=${UE.subscriber.name}
    Register
    Advance Time    6 s
    Fetch Bindings
    Fetch Bindings
    Refresh Registration
    Requirements Should Hold

The End Of One Binding Is Not The End Of Another
    [Documentation]    Two UEs of one subscription. The binding of the first runs out, that of the second does not.
    [Tags]    req:rfc3261-10.3-13    req:rfc3261-10.3-17    slow
    ${expiry}=    Get Shortest Expiry
    Send Initial Register    expires=${expiry}
    ${challenge}=    Expect Response    401
    Send Register Answering    ${challenge}
    Expect Response    200
    Power On UE    subscriber=${UE.subscriber.name}
    Register
    Fetch Bindings
    Advance Time    ${expiry + 5} s
    Fetch Bindings
    Requirements Should Hold

A CSeq That Is Not Higher Makes The REGISTER Fail
    [Documentation]    A refresh with the Call-ID of the binding and a CSeq from before it, answered challenge and all.
    [Tags]    req:rfc3261-10.3-07
    Register
    ${refresh}=    Build Refresh
    Set Header    ${refresh}    CSeq    1 REGISTER
    Send Request    ${refresh}
    ${response}=    Expect Final Response
    Answer A Challenge    ${response}    CSeq    2 REGISTER
    Requirements Should Hold

Another Call-ID Lets CSeq Begin Anew
    [Documentation]    What a UE does that was switched off without de-registering.
    [Tags]    req:rfc3261-10.3-08
    Register
    ${register}=    Build Initial Register
    Set Header    ${register}    CSeq    1 REGISTER
    Send Request    ${register}
    ${challenge}=    Expect Response    401
    Answer A Challenge    ${challenge}    CSeq    2 REGISTER
    Requirements Should Hold


*** Keywords ***
Answer A Challenge
    [Documentation]    Answers a 401 with a REGISTER in which one header field has the given value; takes any final
    ...    response to it. Does nothing if the response is no challenge.
    [Arguments]    ${response}    ${name}    ${value}
    IF    ${response.status} != 401    RETURN
    ${answer}=    Build Register Answering    ${response}
    Set Header    ${answer}    ${name}    ${value}
    Send Request    ${answer}
    Expect Final Response
