/// Certificates and keys made once with openssl (P-256, valid from 2020 to 2120), for tests only.
package enum TestCertificates {
    /// Signed the other certificates, except for `otherAuthority`.
    package static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBZjCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5iZ3B2aXAg
        dGVzdCBjYTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
        A1UEAwwOYmdwdmlwIHRlc3QgY2EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARH
        4yW8F386fzPAWEQ794f8XqCevxMED/up9rNKSJKCI1fAL4k9kVCOSkWokdHANfVC
        CAbu3PbfQL8Hzr78eQ40o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQE
        AwICBDAdBgNVHQ4EFgQUgS7wx8iiL9eSlxwJm/KMqmklsvswCgYIKoZIzj0EAwID
        SQAwRgIhALKUIegon0vsYVqe4EZ8gUONUeMf/zjEvR6xC6I9NOgLAiEAyiJFlWrH
        nFPDzgy3koU0IGvAC97queg3pKj9fwKDKh4=
        -----END CERTIFICATE-----
        """

    /// Signed nothing.
    package static let otherAuthority = """
        -----BEGIN CERTIFICATE-----
        MIIBazCCARGgAwIBAgIBAjAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFiZ3B2aXAg
        dGVzdCBvdGhlcjAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowHDEa
        MBgGA1UEAwwRYmdwdmlwIHRlc3Qgb3RoZXIwWTATBgcqhkjOPQIBBggqhkjOPQMB
        BwNCAASgjrxLEVsJa3iO+Nc1c9VnSqru4DYovAz27J9TO0Ydpxjo5w/iwkQC0Adm
        ZT/uQoT3hjCxGKRKsJahBYvjlh+xo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1Ud
        DwEB/wQEAwICBDAdBgNVHQ4EFgQUB/f7uEQ4VOWdQy7H3Y9plJpTC5swCgYIKoZI
        zj0EAwIDSAAwRQIhAJ2RAXs52XNXKdPHpGpDbLwP0anYDqaqqXcYvF1PKmWCAiA2
        eO+dr/WavVBzpPd4ngC9oKzgV3UQNC+oenod+hcX0A==
        -----END CERTIFICATE-----
        """

    /// For 127.0.0.1 and kubernetes.
    package static let serverCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBlzCCAT2gAwIBAgIBAzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5iZ3B2aXAg
        dGVzdCBjYTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
        A1UEAwwOa3ViZS1hcGlzZXJ2ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARi
        M7KxbnoWBSxg6wufopnWNEYShe9iVZSvnB0uJpC6gTpxSrBL80/iXoKnkX6oiRkZ
        uuyOSabQKRpKThgp5P8Vo3QwcjAbBgNVHREEFDAShwR/AAABggprdWJlcm5ldGVz
        MBMGA1UdJQQMMAoGCCsGAQUFBwMBMB0GA1UdDgQWBBRNqjiKpnUn6MgkLOkotXYc
        1qYNZDAfBgNVHSMEGDAWgBSBLvDHyKIv15KXHAmb8oyqaSWy+zAKBggqhkjOPQQD
        AgNIADBFAiEAoYkJ490gugLCnIYHVziUw9sLYn5V1m1YiLvWVnYjnloCICF+pqWZ
        pvcrn7p0qx6TndEuyQj1xi9KVamISHQ8rlGR
        -----END CERTIFICATE-----
        """

    /// The key of `serverCertificate`.
    package static let serverKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOxIPG2VIWv+LrcnU
        kB+0jGwJO3tfQpZCVoExHBukv0GhRANCAARiM7KxbnoWBSxg6wufopnWNEYShe9i
        VZSvnB0uJpC6gTpxSrBL80/iXoKnkX6oiRkZuuyOSabQKRpKThgp5P8V
        -----END PRIVATE KEY-----
        """

    /// For kubernetes only.
    package static let namedCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBiDCCAS6gAwIBAgIBBDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5iZ3B2aXAg
        dGVzdCBjYTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEDEOMAwG
        A1UEAwwFbmFtZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATt1h/h0HFEp5K4
        H2jmu15S1gIE3IHR5qHNze3oth+mBGZ+OlwY1vdE7bv+UVqsCXiOQEIARCoP4vhn
        7LUHJqINo24wbDAVBgNVHREEDjAMggprdWJlcm5ldGVzMBMGA1UdJQQMMAoGCCsG
        AQUFBwMBMB0GA1UdDgQWBBTPVZeTV/NBtPxAhEw1BdQH1yh/pzAfBgNVHSMEGDAW
        gBSBLvDHyKIv15KXHAmb8oyqaSWy+zAKBggqhkjOPQQDAgNIADBFAiAIAn53aU5m
        swX5dAebAWs11YrIW+chkZN9Ou2E/OhgAAIhAOq3btcgfTVxmY92gL4fOste1C9B
        L/4kVHNDoKAXRpbz
        -----END CERTIFICATE-----
        """

    /// The key of `namedCertificate`.
    package static let namedKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIcGn4xOYU6oHh5sT
        AQFKNsJF6zMXj+qCjXb2c7UmEqWhRANCAATt1h/h0HFEp5K4H2jmu15S1gIE3IHR
        5qHNze3oth+mBGZ+OlwY1vdE7bv+UVqsCXiOQEIARCoP4vhn7LUHJqIN
        -----END PRIVATE KEY-----
        """

    /// For 127.0.0.1 and kubernetes, valid on the first day of 2020.
    package static let expiredCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBjTCCATSgAwIBAgIBBjAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5iZ3B2aXAg
        dGVzdCBjYTAeFw0yMDAxMDEwMDAwMDBaFw0yMDAxMDIwMDAwMDBaMBIxEDAOBgNV
        BAMMB2V4cGlyZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT9E5AyBSNMdhpP
        R4blXKPqIIAuSoY6b1KzG8NnaZSOaKG80jS/D7iMVlfcPZMMHflLnsGf1aj5UheA
        Y1fdtbI+o3QwcjAbBgNVHREEFDAShwR/AAABggprdWJlcm5ldGVzMBMGA1UdJQQM
        MAoGCCsGAQUFBwMBMB0GA1UdDgQWBBThq2dvqyiv50heWM6BQFy+96D3LzAfBgNV
        HSMEGDAWgBSBLvDHyKIv15KXHAmb8oyqaSWy+zAKBggqhkjOPQQDAgNHADBEAiA3
        kwMBM6ovkDt0gbra02O+VN/HR6vS1Zqw3K1ZWyD+CAIgKwfYVukUnNbASyuy7CkP
        Jr5w0Bm6RjfpE/SZ46jpp/M=
        -----END CERTIFICATE-----
        """

    /// The key of `expiredCertificate`.
    package static let expiredKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyL8yUqigorMGvKdl
        RfXoDTHOOGr7VqAGkJxyhragWrWhRANCAAT9E5AyBSNMdhpPR4blXKPqIIAuSoY6
        b1KzG8NnaZSOaKG80jS/D7iMVlfcPZMMHflLnsGf1aj5UheAY1fdtbI+
        -----END PRIVATE KEY-----
        """

    /// For a client of the name bgpvip.
    package static let clientCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBhjCCASugAwIBAgIBBTAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5iZ3B2aXAg
        dGVzdCBjYTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowETEPMA0G
        A1UEAwwGYmdwdmlwMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEdgdyoqrINfjD
        tZ+e3/gDy3rtssx2jbF1LxaR2VnPTH1Gbnh69dayg95+sXjjZbpnduIinsrIS9DD
        qq1OA9xGHaNqMGgwEQYDVR0RBAowCIIGY2xpZW50MBMGA1UdJQQMMAoGCCsGAQUF
        BwMCMB0GA1UdDgQWBBQ+WtilqoVv1s2mCP79V8PrXg+qLjAfBgNVHSMEGDAWgBSB
        LvDHyKIv15KXHAmb8oyqaSWy+zAKBggqhkjOPQQDAgNJADBGAiEAwobPTCd8B4Wm
        m41TQ3YkQOwGlGWq8ef99O1A5dBp8yQCIQCdj9tVNSg7HgeJCdJzlp1x80pQOc2Q
        /YBzL7qh12bkCw==
        -----END CERTIFICATE-----
        """

    /// The key of `clientCertificate`.
    package static let clientKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgz6fD8iLtCcZXLwLt
        0PQC1fMzEY0mBMyqxyxOe8jSm0ehRANCAAR2B3Kiqsg1+MO1n57f+APLeu2yzHaN
        sXUvFpHZWc9MfUZueHr11rKD3n6xeONlumd24iKeyshL0MOqrU4D3EYd
        -----END PRIVATE KEY-----
        """
}
