using System.Text;

namespace Skitai.Configuration.Tests;

/// <summary>Whatever a file holds, reading it ends in settings or in errors, never in an exception.</summary>
public sealed class FuzzTests : IDisposable
{
    private static readonly string[] Pieces =
    [
        "[", "]", ":line", "[server]", "[routes:line]", "[tunefactors]", "[environment]", "[ssl]", "[certificates:line]", "[@a]", "[@]",
        "[proxypass]", "[api-gateway]", "[global]", "[crontab:line]", "\n", "\n", "\n", "\r\n", "=", " = ", " ", "\t", "${", "}", "$${", ":-",
        "${HOME}", "${X:-y}", "@", "@ ", "/", "//", "..", ".", "*", ",", ";", "#", "port", "threads", "ip", "python", "user", "trusted_proxies",
        "enable_ssl", "yes", "certfile", "keyfile", "passphrase", "keep_alive", "members", "ca_file", "ssl", "http2", "health_path", "[::1]:80", "[", "a:1 3", "retries", "type", "sqlite3", "postgresql", "rate_limit",
        "0", "-1", "5000", "99999999999999999999999999", "1e9", "10M", "5m", "ms", "::", "10.0.0.0/8", "/99", "a.com", ".a.com", "*.a.com",
        "xn--", "\u00e9", "\ud83d\ude00", "\ud800", "\0", "\u0001", "\u0085", "\u2028", "dir/module:callable", ":app", "()", ".py", "~", "\\", "'", "\"", "%00",
    ];

    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void No_text_ever_throws()
    {
        var random = new Random(20260517);
        for (var round = 0; round < 4000; round++)
        {
            var text = new StringBuilder();
            var pieces = random.Next(1, 60);
            for (var i = 0; i < pieces; i++)
            {
                text.Append(random.Next(20) == 0 ? ((char)random.Next(0x10000)).ToString() : Pieces[random.Next(Pieces.Length)]);
            }

            Check(text.ToString(), _tree.Tree.ReadInstance("fuzz", text.ToString(), Path.Combine(_tree.Enabled, "fuzz.conf")));
        }
    }

    [Fact]
    public void No_bytes_ever_throw()
    {
        var random = new Random(42);
        for (var round = 0; round < 300; round++)
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            _tree.Write("servers-enabled/fuzz.conf", round % 2 == 0 ? bytes : [.. "[server]\nport = "u8, .. bytes]);
            Check(Convert.ToHexString(bytes), _tree.Tree.ReadInstance("fuzz"));
            _tree.Write("skitaid.conf", bytes);
            Check(Convert.ToHexString(bytes), _tree.Tree.ReadDaemon());
        }
    }

    [Fact]
    public void A_right_conf_with_a_piece_cut_out_or_put_in_never_throws()
    {
        _tree.MakeDirectory("servers-enabled/static").Write("servers-enabled/wsgi.py");
        const string right = "[server]\nport = 5001\nip = 0.0.0.0\ntrusted_proxies = 10.0.0.0/8\n[environment]\nA = ${B:-c}\n[routes:line]\n/ = static\n/ = wsgi:app\n@ .a.com\n/x = wsgi.py\n[tunefactors]\nkeep_alive = 5m\n";
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var at = random.Next(right.Length);
            var text = round % 2 == 0 ? right.Remove(at, Math.Min(random.Next(1, 5), right.Length - at)) : right.Insert(at, Pieces[random.Next(Pieces.Length)]);
            Check(text, _tree.Tree.ReadInstance("fuzz", text, Path.Combine(_tree.Enabled, "fuzz.conf")));
        }
    }

    private static void Check<T>(string text, ConfResult<T> result)
        where T : class
    {
        Assert.True(result.Settings is null == result.Errors.Count > 0, text);
        Assert.True(result.Errors.SequenceEqual(result.Errors.OrderBy(error => error.Line)), text);
        Assert.All(result.Errors, error => Assert.False(error.ToString().Any(c => char.IsControl(c) || c is '\u2028' or '\u2029'), text));
    }
}
