*** Settings ***
Documentation       TS 33.203 Annex H and Annex I: each combination of algorithms, with the keys that CK and IK give it.
...                 The UE offers one at a time. A network that does not have it may refuse.

Library             String
Resource            ../common.resource

Test Teardown       Power Off UE

Test Tags           req:33.203-I-01


*** Test Cases ***
HMAC-SHA-1 Alone Over UDP
    [Documentation]    IK and 32 zeros make the key.
    Use Associations With    hmac-sha-1-96/null    UDP
    Requirements Should Hold

HMAC-SHA-1 Alone Over TCP
    [Documentation]    The same on the connection of the UE.
    Use Associations With    hmac-sha-1-96/null    TCP
    Requirements Should Hold

HMAC-SHA-1 And AES-CBC Over UDP
    [Documentation]    CK encrypts.
    [Tags]    smoke
    Use Associations With    hmac-sha-1-96/aes-cbc    UDP
    Requirements Should Hold

HMAC-SHA-1 And AES-CBC Over TCP
    [Documentation]    The same on the connection of the UE.
    Use Associations With    hmac-sha-1-96/aes-cbc    TCP
    Requirements Should Hold

HMAC-SHA-1 And AES-CBC Over IPv6
    [Documentation]    The packets are those of IPv4, but for the addresses.
    Use Associations With    hmac-sha-1-96/aes-cbc    UDP    IPv6
    Requirements Should Hold

AES-GMAC Over UDP
    [Documentation]    IK and a salt, and no IV twice.
    [Tags]    req:rfc4543-3.1-01
    Use Associations With    aes-gmac/null    UDP
    Requirements Should Hold

AES-GMAC Over TCP
    [Documentation]    The same on the connection of the UE.
    [Tags]    req:rfc4543-3.1-01
    Use Associations With    aes-gmac/null    TCP
    Requirements Should Hold

AES-GCM Over UDP
    [Documentation]    CK and a salt, and no IV twice.
    [Tags]    req:rfc4106-3.1-01
    Use Associations With    null/aes-gcm    UDP
    Requirements Should Hold

AES-GCM Over TCP
    [Documentation]    The same on the connection of the UE.
    [Tags]    req:rfc4106-3.1-01
    Use Associations With    null/aes-gcm    TCP
    Requirements Should Hold

AES-GMAC On Both Associations Of The Network
    [Documentation]    They have one key: what leaves on one has no IV that was on the other. A UE may use both
    ...    transports, and gets its answers over UDP on one, over TCP on the other.
    [Tags]    req:rfc4543-3.1-01
    Use Both Associations With    aes-gmac/null
    Requirements Should Hold

AES-GCM On Both Associations Of The Network
    [Documentation]    Likewise.
    [Tags]    req:rfc4106-3.1-01
    Use Both Associations With    null/aes-gcm
    Requirements Should Hold

HMAC-MD5 Alone Before Release 14
    [Documentation]    IK is the key.
    Use Associations With    hmac-md5-96/null    UDP
    Requirements Should Hold

HMAC-MD5 And AES-CBC Before Release 14
    [Documentation]    IK and CK are the keys.
    Use Associations With    hmac-md5-96/aes-cbc    UDP
    Requirements Should Hold

HMAC-MD5 And Triple DES Before Release 14
    [Documentation]    CK and its first half make the key that encrypts.
    Use Associations With    hmac-md5-96/des-ede3-cbc    UDP
    Requirements Should Hold

HMAC-SHA-1 And Triple DES Before Release 14
    [Documentation]    The same with the other integrity algorithm.
    Use Associations With    hmac-sha-1-96/des-ede3-cbc    UDP
    Requirements Should Hold


*** Keywords ***
Use Associations With
    [Documentation]    Registers with this combination, refreshes and de-registers over the associations.
    [Arguments]    ${algorithms}    ${transport}    ${family}=${None}
    Power On UE    transport=${transport}    family=${family}    security=ipsec    algorithms=${algorithms}
    ${response}=    Register
    IF    ${response.status} == 200
        Refresh Registration
        Deregister
    END

Use Both Associations With
    [Documentation]    Registers over TCP and refreshes over UDP, four times: a connection takes as many packets.
    [Arguments]    ${algorithms}
    Power On UE    transport=TCP    security=ipsec    algorithms=${algorithms}
    ${response}=    Register
    IF    ${response.status} == 200
        Repeat Keyword    4 times    Refresh Over UDP
    END

Refresh Over UDP
    [Documentation]    On the association that is the connection's as well.
    ${refresh}=    Build Refresh
    ${via}=    Get Header    ${refresh}    Via
    ${over_udp}=    Replace String    ${via}    SIP/2.0/TCP    SIP/2.0/UDP
    Set Header    ${refresh}    Via    ${over_udp}
    Send Request    ${refresh}    on=UL1 of the established set over UDP
    Wait For Answer
