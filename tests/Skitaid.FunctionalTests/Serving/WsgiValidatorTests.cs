using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Serving;

/// <summary>Everything that PEP 3333 allows an app, behind the validator of the standard library.</summary>
public sealed class WsgiValidatorTests
{
    private static readonly byte[] s_big = [.. Enumerable.Range(0, 3_000_000).Select(i => (byte)(i % 251))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public async Task The_validator_has_no_complaint_on_any_path(int threads)
    {
        await using var daemon = new TestDaemon();
        var app = daemon.AddApp("validated");
        var port = await daemon.ServeAsync($"/ = {app}:app\n/deep/down = {app}:app", $"threads = {threads}");
        foreach (var mount in new[] { "", "/deep/down" })
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Head })
            {
                async Task ExpectAsync(string path, HttpStatusCode status, string text)
                {
                    using var request = new HttpRequestMessage(method, TestApps.Url(port, mount + path));
                    using var answer = await daemon.Client.SendAsync(request, Cancellation);
                    var got = await answer.Content.ReadAsStringAsync(Cancellation);
                    Assert.True(status == answer.StatusCode, $"{method} {mount}{path}: {answer.StatusCode}\n{daemon.InstanceLog("app")}");
                    Assert.Equal(method == HttpMethod.Head ? "" : text, got);
                }

                await ExpectAsync("/plain", HttpStatusCode.OK, "plain");
                await ExpectAsync("/plain?a=b&c", HttpStatusCode.OK, "plain");
                await ExpectAsync("/unknown_length", HttpStatusCode.OK, "no length");
                await ExpectAsync("/generator", HttpStatusCode.OK, "0\n1\n2\n3\n4\n");
                await ExpectAsync("/late_start", HttpStatusCode.Created, "late");
                await ExpectAsync("/written", HttpStatusCode.OK, "written twice and returned");
                await ExpectAsync("/exc_info", HttpStatusCode.ServiceUnavailable, "changed its mind");
                await ExpectAsync("/file_wrapper", HttpStatusCode.OK, new string('f', 100_000));
                await ExpectAsync("/no_content", HttpStatusCode.NoContent, "");
                await ExpectAsync("/not_modified", HttpStatusCode.NotModified, "");
                await ExpectAsync("/read", HttpStatusCode.OK, Summary([]));
                await ExpectAsync("/lines", HttpStatusCode.OK, "0 lines, last b''");
                await ExpectAsync("/errors", HttpStatusCode.OK, "told");
            }

            foreach (var chunked in new[] { false, true })
            {
                foreach (var body in new[] { "x"u8.ToArray(), "one\ntwo\nthree"u8.ToArray(), s_big })
                {
                    Assert.Equal(Summary(body), await PostAsync(daemon, port, mount + "/read", body, chunked));
                    Assert.Equal("not interested", await PostAsync(daemon, port, mount + "/unread", body, chunked));
                }

                Assert.Equal("3 lines, last b'three'", await PostAsync(daemon, port, mount + "/lines", "one\ntwo\nthree"u8.ToArray(), chunked));
                Assert.Equal("b'one\\n' then 2", await PostAsync(daemon, port, mount + "/readline", "one\ntwo\nthree"u8.ToArray(), chunked));
            }
        }

        Assert.DoesNotContain("AssertionError", daemon.InstanceLog("app"), StringComparison.Ordinal);
        Assert.DoesNotContain("Traceback", daemon.InstanceLog("app"), StringComparison.Ordinal);

        // The validator really is at work.
        Assert.Equal(HttpStatusCode.InternalServerError, (await daemon.GetAsync(port, "/wrong")).Status);
        await daemon.WaitForLogAsync("app", "AssertionError");
    }

    private static string Summary(byte[] body) => $"{body.Length} {Convert.ToHexStringLower(SHA256.HashData(body))}";

    private static async Task<string> PostAsync(TestDaemon daemon, int port, string path, byte[] body, bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, TestApps.Url(port, path)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.TransferEncodingChunked = chunked;
        using var answer = await daemon.Client.SendAsync(request, Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, $"{path}, chunked {chunked}: {answer.StatusCode} {text}\n{daemon.InstanceLog("app")}");
        return text;
    }
}
