using Microsoft.AspNetCore.Http;
using Skitai.Engine.Caching.Rules;

namespace Skitai.Engine.Tests.Caching.Rules;

public sealed class StorabilityTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(200)]
    [InlineData(203)]
    [InlineData(204)]
    [InlineData(299)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(308)]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(599)]
    public void Any_final_status_is_kept_that_says_how_long(int status)
    {
        Assert.Equal(nameof(StoreRefusal.None), Check("Cache-Control: max-age=60", status));
        Assert.Equal(nameof(StoreRefusal.NotReusable), Check("", status));
    }

    [Theory]
    [InlineData(206)]
    [InlineData(304)]
    [InlineData(103)]
    public void Parts_and_confirmations_are_not_kept(int status) => Assert.Equal(nameof(StoreRefusal.Status), Check("Cache-Control: max-age=60", status));

    [Theory]
    [InlineData("Cache-Control: max-age=60, no-store", nameof(StoreRefusal.NoStore))]
    [InlineData("Cache-Control: max-age=60, private", nameof(StoreRefusal.Private))]
    [InlineData("Cache-Control: max-age=60, private=\"a\"", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=60 | CDN-Cache-Control: private", nameof(StoreRefusal.Private))]
    [InlineData("Cache-Control: no-store | CDN-Cache-Control: max-age=60", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=60 | CDN-Cache-Control: no-store", nameof(StoreRefusal.NoStore))]
    [InlineData("Cache-Control: max-age=60 | Pragma: no-cache", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=60 | Vary: *", nameof(StoreRefusal.Vary))]
    [InlineData("Cache-Control: max-age=60 | Vary: Foo | Vary: *", nameof(StoreRefusal.Vary))]
    [InlineData("Cache-Control: max-age=60 | Vary: Foo, Bar", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=60 | Set-Cookie: a=b", nameof(StoreRefusal.SetCookie))]
    [InlineData("Cache-Control: max-age=60, public | Set-Cookie: a=b", nameof(StoreRefusal.SetCookie))]
    [InlineData("Cache-Control: max-age=60 | Set-Cookie2: a=b", nameof(StoreRefusal.None))]
    public void An_answer_says_whether_it_may_be_kept(string fields, string expected) => Assert.Equal(expected, Check(fields));

    [Theory]
    [InlineData("Cache-Control: max-age=0", nameof(StoreRefusal.NotReusable))]
    [InlineData("Cache-Control: max-age=0 | ETag: \"a\"", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: no-cache", nameof(StoreRefusal.NotReusable))]
    [InlineData("Cache-Control: no-cache, max-age=60", nameof(StoreRefusal.NotReusable))]
    [InlineData("Cache-Control: no-cache | ETag: \"a\"", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: no-cache, max-age=60 | Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT", nameof(StoreRefusal.None))]
    [InlineData("ETag: \"a\"", nameof(StoreRefusal.NotReusable))]
    [InlineData("Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT", nameof(StoreRefusal.NotReusable))]
    [InlineData("Expires: 0", nameof(StoreRefusal.NotReusable))]
    [InlineData("Expires: 0 | ETag: \"a\"", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=0, stale-while-revalidate=9", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=0, stale-while-revalidate=9, must-revalidate", nameof(StoreRefusal.NotReusable))]
    public void What_could_never_be_used_is_not_kept(string fields, string expected) => Assert.Equal(expected, Check(fields));

    [Theory]
    [InlineData("Cache-Control: max-age=60, public | Set-Cookie: a=b", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: s-maxage=60 | Set-Cookie: a=b", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=60 | Set-Cookie: a=b", nameof(StoreRefusal.SetCookie))]
    [InlineData("Expires: Mon, 23 Nov 2026 10:00:00 GMT | Set-Cookie: a=b", nameof(StoreRefusal.SetCookie))]
    public void Cookies_are_kept_if_conf_and_answer_say_so(string fields, string expected) =>
        Assert.Equal(expected, Check(fields, keepsCookies: true));

    [Theory]
    [InlineData("Cache-Control: max-age=60", nameof(StoreRefusal.Authorization))]
    [InlineData("Expires: Mon, 23 Nov 2026 10:00:00 GMT", nameof(StoreRefusal.Authorization))]
    [InlineData("Cache-Control: max-age=60, public", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=60, must-revalidate", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: s-maxage=60", nameof(StoreRefusal.None))]
    [InlineData("Cache-Control: max-age=60, proxy-revalidate", nameof(StoreRefusal.Authorization))]
    public void An_answer_to_somebody_authorised_has_to_be_for_all(string fields, string expected) =>
        Assert.Equal(expected, Check(fields, request: RequestTraits.Authorization));

    [Theory]
    [InlineData(200, "Cache-Control: max-age=60, no-store, must-understand", nameof(StoreRefusal.None))]
    [InlineData(599, "Cache-Control: max-age=60, no-store, must-understand", nameof(StoreRefusal.Status))]
    [InlineData(599, "Cache-Control: max-age=60, must-understand", nameof(StoreRefusal.Status))]
    public void What_must_be_understood_is_kept_if_it_is(int status, string fields, string expected) => Assert.Equal(expected, Check(fields, status));

    [Theory]
    [InlineData(nameof(RequestTraits.OtherMethod), nameof(StoreRefusal.Method))]
    [InlineData(nameof(RequestTraits.NoStore), nameof(StoreRefusal.RequestNoStore))]
    [InlineData(nameof(RequestTraits.UnkeyedField), nameof(StoreRefusal.UnkeyedField))]
    public void A_request_may_keep_its_answer_out(string request, string expected) =>
        Assert.Equal(expected, Check("Cache-Control: max-age=60, public", request: Enum.Parse<RequestTraits>(request)));

    [Theory]
    [InlineData("X-Original-URL: /admin", true, true)]
    [InlineData("x-rewrite-url: /admin", true, true)]
    [InlineData("X_Original_URL: /admin", true, true)]
    [InlineData("X-HTTP-Method-Override: PUT", true, true)]
    [InlineData("X-Forwarded-Prefix: /evil", true, true)]
    [InlineData("X-Host: evil", true, true)]
    [InlineData("X-Forwarded-Scheme: nothttps", true, false)]
    [InlineData("X-Forwarded-Port: 1", true, false)]
    [InlineData("X-Request-URI: /admin", true, true)]
    [InlineData("X_Sendfile_Type: X-Accel-Redirect", true, true)]
    [InlineData("X-Cluster-Client-IP: 127.0.0.1", true, false)]
    [InlineData("Forwarded-For: 127.0.0.1", true, false)]
    [InlineData("Accept: */* | User-Agent: x | Cookie: a=b", false, false)]
    public void Fields_that_apps_are_known_to_reflect_are_found(string fields, bool fromAnybody, bool fromProxy)
    {
        IHeaderDictionary request = Fields.Request(fields);
        Assert.Equal(fromAnybody, UnkeyedFields.AnyOf(request, isTrusted: false));
        Assert.Equal(fromProxy, UnkeyedFields.AnyOf(request, isTrusted: true));
    }

    private static string Check(string fields, int status = 200, RequestTraits request = RequestTraits.None, bool keepsCookies = false)
    {
        var list = Fields.Of(fields);
        return Storability.Check(request, status, list, new Freshness(status, list, s_now, s_now, false), keepsCookies).ToString();
    }
}
