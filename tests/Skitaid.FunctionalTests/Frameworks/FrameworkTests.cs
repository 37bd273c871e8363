using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Frameworks;

/// <summary>What people do with Flask, Django and Bottle works in each of them, at the root and below a path.</summary>
public sealed class FrameworkTests(FrameworkSites sites) : IClassFixture<FrameworkSites>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task A_form_arrives_with_every_field(string framework, string mount)
    {
        using var browser = sites.Browser(framework, mount);
        using var form = new FormUrlEncodedContent([new("name", "Zoë & <Jürgen> 日本"), new("tag", "a+b"), new("tag", "c d")]);
        using var answer = await browser.PostAsync("form", form, Cancellation);

        var got = await JsonAsync(answer);
        Assert.Equal("Zoë & <Jürgen> 日本", got.GetProperty("name").GetString());
        Assert.Equal(["a+b", "c d"], got.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!));
    }

    /// <summary>Django and Bottle look at CONTENT_LENGTH alone: a body that is known before the app is asked gets one.</summary>
    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task A_small_form_sent_in_chunks_arrives_as_one_with_a_length(string framework, string mount)
    {
        var name = new string('x', 20_000);
        using var browser = sites.Browser(framework, mount);
        using var form = new FormUrlEncodedContent([new("name", name), new("tag", "last")]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "form") { Content = form };
        request.Headers.TransferEncodingChunked = true;
        using var answer = await browser.SendAsync(request, Cancellation);

        var got = await JsonAsync(answer);
        Assert.Equal(name, got.GetProperty("name").GetString());
        Assert.Equal(["last"], got.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!));
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public Task An_uploaded_file_arrives_byte_for_byte(string framework, string mount) =>
        AssertUploadAsync(framework, mount, form => new HttpRequestMessage(HttpMethod.Post, "upload") { Content = form });

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task An_upload_whose_length_nobody_told_arrives_byte_for_byte(string framework, string mount)
    {
        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            await AssertUploadAsync(framework, mount, form => new HttpRequestMessage(HttpMethod.Post, "upload")
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new LengthlessContent(form),
            });
        }
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task Cookies_that_were_set_come_back_all_of_them(string framework, string mount)
    {
        using var browser = sites.Browser(framework, mount);
        Assert.Empty((await JsonAsync(await browser.GetAsync("cookies/get", Cancellation))).EnumerateObject());

        using var answer = await browser.GetAsync("cookies/set", Cancellation);
        var set = answer.Headers.GetValues("Set-Cookie").ToArray();
        Assert.Equal(2, set.Length);
        Assert.Contains($"Path={mount}/;", Assert.Single(set, cookie => cookie.StartsWith("first=", StringComparison.Ordinal)) + ";", StringComparison.OrdinalIgnoreCase);

        var got = await JsonAsync(await browser.GetAsync("cookies/get", Cancellation));
        Assert.Equal("one two", got.GetProperty("first").GetString());
        Assert.Equal("2", got.GetProperty("second").GetString());
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task A_redirect_made_by_the_framework_stays_below_the_mount(string framework, string mount)
    {
        using var browser = sites.Browser(framework, mount);
        Assert.Equal("landed 7 from go", await FollowAsync(browser, "go", $"{mount}/landed/7?from=go"));
        if (framework != "bottle")
        {
            // The slash that these two add.
            Assert.Equal("slashed", await FollowAsync(browser, "slashed?a=b", $"{mount}/slashed/?a=b"));
        }
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task What_a_streaming_answer_has_yielded_arrives_before_the_rest_is_made(string framework, string mount)
    {
        using var browser = sites.Browser(framework, mount);
        using var answer = await browser.GetAsync("stream", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Null(answer.Content.Headers.ContentLength);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancellation));
        Assert.Equal("first", await reader.ReadLineAsync(Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation));

        // The last line is made when this has come.
        using var opened = await browser.PostAsync("stream/open", null, Cancellation);
        Assert.Equal("open", await opened.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("last\n", await reader.ReadToEndAsync(Cancellation).WaitAsync(TestDaemon.Deadline, Cancellation));
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task HEAD_has_the_head_of_GET_and_nothing_that_disturbs_the_next_answer(string framework, string mount)
    {
        const string End = "\r\n\r\n";
        var port = sites.Port(framework);
        var both = await RawClient.AskAsync(
            port, $"HEAD {mount}/json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET {mount}/json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");

        var parts = both.Split(End);
        Assert.True(parts.Length == 3, both);
        Assert.StartsWith("HTTP/1.1 200 ", parts[0], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", parts[1], StringComparison.Ordinal);
        var length = string.Create(CultureInfo.InvariantCulture, $"Content-Length: {parts[2].Length}");
        foreach (var head in parts[..2])
        {
            Assert.Contains(length, head.Split("\r\n"), StringComparer.OrdinalIgnoreCase);
            Assert.Contains("Content-Type: application/json", head.Split("\r\n"), StringComparer.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task What_is_not_there_gets_the_frameworks_own_page(string framework, string mount)
    {
        using var browser = sites.Browser(framework, mount);
        using var answer = await browser.GetAsync("none/of/it", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        var own = framework switch
        {
            "flask" => "The requested URL was not found on the server.",
            "django" => "The requested resource was not found on this server.",
            _ => "Error: 404 Not Found",
        };
        Assert.Contains(own, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task What_a_view_raises_is_500_to_the_client_and_a_traceback_in_app_log(string framework, string mount)
    {
        var token = "at" + mount.Replace('/', '-');
        using var browser = sites.Browser(framework, mount);
        using var answer = await browser.GetAsync("raise?token=" + token, Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var page = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.NotEmpty(page);
        foreach (var secret in new[] { "Traceback", "RuntimeError", "on purpose", "_site.py" })
        {
            Assert.DoesNotContain(secret, page, StringComparison.Ordinal);
        }

        // "at" is the beginning of "at-shop", too: the line ends there.
        var log = await sites.WaitForAppLogAsync(framework, $"RuntimeError: on purpose {token}\n");
        Assert.Contains("Traceback (most recent call last):", log, StringComparison.Ordinal);
        Assert.Contains($"{framework}_site.py\", line", log, StringComparison.Ordinal);
        Assert.Contains("in fault", log, StringComparison.Ordinal);
        Assert.Equal("landed 1 from here", await browser.GetStringAsync("landed/1?from=here", Cancellation));
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task A_JSON_answer_is_what_the_view_gave(string framework, string mount)
    {
        using var browser = sites.Browser(framework, mount);
        using var answer = await browser.GetAsync("json", Cancellation);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        var got = await JsonAsync(answer);
        Assert.Equal([0, 1, 4, 9, 16], got.GetProperty("squares").EnumerateArray().Select(square => square.GetInt32()));
        Assert.Equal("größer", got.GetProperty("text").GetString());
        Assert.Equal(JsonValueKind.Null, got.GetProperty("nothing").ValueKind);
    }

    [Theory]
    [MemberData(nameof(FrameworkSites.Mounts), MemberType = typeof(FrameworkSites))]
    public async Task Path_and_query_may_hold_any_text(string framework, string mount)
    {
        const string Word = "naïve 日本 100%?#";
        const string Query = "Größe & +=%41;ü";
        using var browser = sites.Browser(framework, mount);
        using var answer = await browser.GetAsync($"caf%C3%A9/{Uri.EscapeDataString(Word)}?q={Uri.EscapeDataString(Query)}", Cancellation);

        var got = await JsonAsync(answer);
        Assert.Equal(Word, got.GetProperty("word").GetString());
        Assert.Equal(Query, got.GetProperty("q").GetString());
        // Flask and Django give the page's own address as a link, Bottle as text.
        var self = got.GetProperty("self").GetString()!;
        Assert.Equal($"{mount}/café/{Word}", framework == "bottle" ? self : Uri.UnescapeDataString(self));
    }

    private async Task AssertUploadAsync(string framework, string mount, Func<HttpContent, HttpRequestMessage> post)
    {
        var file = new byte[300 * 1024 + 1];
        new Random(2026).NextBytes(file);
        using var browser = sites.Browser(framework, mount);
        using var form = new MultipartFormDataContent();
        form.Add(Part(new StringContent("größer"), "note", null));
        form.Add(Part(new ByteArrayContent(file), "file", "data.bin"));
        using var request = post(form);
        using var answer = await browser.SendAsync(request, Cancellation);

        var got = await JsonAsync(answer);
        Assert.Equal(file.Length, got.GetProperty("size").GetInt32());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), got.GetProperty("sha256").GetString());
        Assert.Equal("data.bin", got.GetProperty("filename").GetString());
        Assert.Equal("größer", got.GetProperty("note").GetString());
    }

    private static HttpContent Part(HttpContent content, string name, string? fileName)
    {
        content.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = $"\"{name}\"" };
        if (fileName is not null)
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            content.Headers.ContentDisposition.FileName = $"\"{fileName}\"";
        }

        return content;
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancellation)}");
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
    }

    /// <summary>Asks, is sent to a place, goes there; gives the text there.</summary>
    private static async Task<string> FollowAsync(HttpClient browser, string path, string place)
    {
        using var answer = await browser.GetAsync(path, Cancellation);
        Assert.InRange((int)answer.StatusCode, 301, 308);
        var there = new Uri(answer.RequestMessage!.RequestUri!, answer.Headers.Location!);
        Assert.Equal(new Uri(browser.BaseAddress!, place), there);
        return await browser.GetStringAsync(there, Cancellation);
    }
}
