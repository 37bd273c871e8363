namespace Skitai.Configuration.Tests;

public sealed class SubstitutionTests : IDisposable
{
    private readonly TreeFixture _tree = new TreeFixture().Set("PORT", "5001").Set("EMPTY", "").Set("TWO", "a\nb").Set("SECRET", "hunter2");

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("${PORT}", "5001")]
    [InlineData("<${PORT}-${PORT}>", "<5001-5001>")]
    [InlineData("${EMPTY}", "")]
    [InlineData("${EMPTY:-x}", "x")]
    [InlineData("${UNSET:-x y:-z}", "x y:-z")]
    [InlineData("${UNSET:-}", "")]
    [InlineData("$${PORT}", "${PORT}")]
    [InlineData("$PORT $$ $", "$PORT $$ $")]
    [InlineData("pa$$word", "pa$$word")]
    public void A_variable_in_a_value_is_replaced(string written, string value)
    {
        Assert.Equal(value, _tree.Settings($"[environment]\nX = {written}").Environment["X"]);
    }

    [Theory]
    [InlineData("${UNSET}", "the environment variable UNSET is not set; ${UNSET:-default} would give it a default")]
    [InlineData("${PORT", "a ${ without its }; $${ stands for a plain ${")]
    [InlineData("${}", "'${}' is not ${NAME} or ${NAME:-default}")]
    [InlineData("${A B}", "'${A B}' is not ${NAME} or ${NAME:-default}")]
    [InlineData("${TWO}", "the environment variable's value holds a line break or another control character")]
    public void What_cannot_be_replaced_is_an_error(string written, string error)
    {
        Assert.Equal([$"example.conf:2: [environment] X: {error}"], _tree.Errors($"[environment]\nX = {written}"));
    }

    [Fact]
    public void A_key_may_come_from_a_variable()
    {
        Assert.Equal(5001, _tree.Settings("[server]\nport = ${PORT}").Server.Port);
    }

    [Fact]
    public void Routes_may_hold_variables()
    {
        _tree.Write("srv/wsgi.py").Set("SRV", Path.Combine(_tree.Root, "srv"));
        Assert.Single(_tree.Settings("[routes:line]\n/ = ${SRV}/wsgi:app").Hosts);
    }

    [Fact]
    public void A_message_shows_what_is_written_and_never_what_a_variable_holds()
    {
        var errors = _tree.Errors("""
            [server]
            port = ${SECRET}
            ip = ${SECRET}
            threads = ${SECRET}
            user = ${SECRET}
            python = ${SECRET}
            trusted_proxies = 1.1.1.1 ${SECRET}
            [tunefactors]
            keep_alive = ${SECRET}
            max_body_size = ${SECRET}
            [ssl]
            enable_ssl = ${SECRET}
            [@a]
            type = ${SECRET}
            members = ${SECRET}
            ssl_name = / ${SECRET}
            health_path = ${SECRET}
            http2 = ${SECRET}
            host = ${SECRET}
            [api-gateway]
            enable_gateway = yes
            secret_key = ${SECRET}
            rate_limit = ${SECRET}
            algorithms = ${SECRET}
            """);
        Assert.Equal(18, errors.Length);
        Assert.DoesNotContain(errors, error => error.Contains("hunter2", StringComparison.Ordinal));
    }
}
