*** Settings ***
Documentation       RFC 6665 4.1.3: the network ends the subscription and says why; the UE stays registered.

Resource            ../common.resource

Test Setup          Power On Core
Test Teardown       Power Off Core


*** Test Cases ***
Deactivated Subscription Is Made Anew
    [Documentation]    As when another S-CSCF takes over. The tester listens for 40 s and answers as ever.
    [Tags]    req:rfc6665-4.1.3-03    slow
    End The Subscription As    deactivated
    Requirements Should Hold

Rejected Subscription Is Not Made Again
    [Documentation]    The network has changed its mind. The tester listens for 40 s.
    [Tags]    req:rfc6665-4.1.3-04    slow
    End The Subscription As    rejected
    Requirements Should Hold

Subscription To A Resource That Is Gone Is Not Made Again
    [Documentation]    There is nothing to watch any more, says the network. The tester listens for 40 s.
    [Tags]    req:rfc6665-4.1.3-04    slow
    End The Subscription As    noresource
    Requirements Should Hold


*** Keywords ***
End The Subscription As
    [Documentation]    The UE has registered and subscribed, and then its subscription ends.
    [Arguments]    ${reason}
    Register And Be Notified
    ${notify}=    Build Notify    state=active    event=registered    subscription=terminated;reason=${reason}
    Send Request    ${notify}
    Expect Final Response
    Answer Automatically
    Advance Time    40 s

Register And Be Notified
    [Documentation]    A registration, the subscription to it, and its first NOTIFY.
    Register UE
    ${subscribe}=    Expect Request    SUBSCRIBE
    ${ok}=    Build Subscription Acceptance    ${subscribe}
    Send Response    ${subscribe}    ${ok}
    ${notify}=    Build Notify    state=active    event=registered
    Send Request    ${notify}
    Expect Final Response
