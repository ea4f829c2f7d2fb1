*** Settings ***
Documentation       RFC 3261 18.1.1: a server reads datagrams of any size, although a client should not send them.

Resource            ../common.resource

Test Setup          Power On UE    transport=UDP
Test Teardown       Power Off UE


*** Test Cases ***
A Datagram Of Four Kilobytes Is Read
    [Documentation]    The UE supports sixty extensions that nobody knows, each in a field of its own.
    [Tags]    req:rfc3261-18.1.1-01
    Send Initial Register
    Expect Response    401
    ${register}=    Build Initial Register
    FOR    ${number}    IN RANGE    60
        Add Header    ${register}    Supported    imsreg.an-extension-of-which-nobody-has-ever-heard.${number}
    END
    Send Request    ${register}
    Expect Final Response
    Requirements Should Hold
